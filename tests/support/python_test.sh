#!/usr/bin/env bash
# python_test.sh ENVIRONMENT SCRIPT BINARY [ARGUMENT]...: runs a script of tests/python in the suite's virtual
# environment, with the pagewright binary and an empty folder that is removed afterwards.
set -euo pipefail
environment=$1 script=$2 binary=$3
shift 3
if [ ! -x "$environment/bin/python" ]; then
  echo "python_test.sh: $environment is missing; an entry python.*environment makes it" >&2
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$environment/bin/python" "$script" --pagewright "$binary" --work "$work" "$@"
