#!/usr/bin/env bash
# Sets up, builds and runs the tests.
#   launch/test.sh [--long | --all] [--warnings-as-errors] [--cuda auto|on|off] [--help] [-- CTEST ARGUMENTS...]
# --long    only the tests labelled long (each takes more than 5 seconds; minutes to hours together)
# --all     these and the others
# --cuda    whether to build for GPUs too, as launch/build.sh takes it; tests labelled gpu are skipped without a device
# Example: launch/test.sh -- -R core.page     runs the tests of core whose file begins with "page"
# The ten slowest tests are printed before ctest's summary, which comes last.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

choice=(-LE long)
build=()
while [ $# -gt 0 ]; do
  case $1 in
    --long) choice=(-L long) ;;
    --all) choice=() ;;
    --warnings-as-errors) build+=("$1") ;;
    --cuda) build+=(--cuda "${2:?--cuda takes auto, on or off}"); shift ;;
    --) shift; break ;;
    -h | --help) sed -n '2,8p' "$0" | cut -c3-; exit 0 ;;
    *) echo "test.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done

launch/build.sh "${build[@]}"

# Keeps the seconds of every test line and prints the ten largest when the summary begins.
slowest='
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: .* sec *$/ {
  for (i = 1; i < NF; i++) if ($i ~ /^#[0-9]+:$/) name[++count] = $(i + 1)
  seconds[count] = $(NF - 1)
}
/^[0-9]+% tests passed/ {
  print "The slowest tests:"
  for (n = 0; n < 10 && n < count; n++) {
    best = 0
    for (i = 1; i <= count; i++) if (!(i in shown) && (!best || seconds[i] + 0 > seconds[best] + 0)) best = i
    shown[best] = 1
    printf "%8.2f s  %s\n", seconds[best], name[best]
  }
  print ""
}
{ print; fflush() }'

# Every test is a process that may use two threads; more than one a core would disturb those that measure.
ctest --test-dir build --output-on-failure --no-tests=error --parallel "$(nproc)" "${choice[@]}" "$@" 2>&1 | awk "$slowest"
