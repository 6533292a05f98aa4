# For the scripts beside it: remove_earlier_run FOLDER
# Makes way for a new run. Removes what pagewright writes into a run folder, and nothing else; a folder that holds other
# things and no run is refused, so that a wrong --run cannot cost anybody's files.

remove_earlier_run() {
  local folder=$1
  [ -e "$folder" ] || return 0
  if [ -n "$(ls -A "$folder")" ] && [ ! -f "$folder/config.yaml" ] &&
    ! compgen -G "$folder/log/part-*.h5" >/dev/null && [ ! -f "$folder/output.txt" ]; then
    echo "$(basename "$0"): $folder exists and holds no run; choose another folder" >&2
    return 1
  fi
  rm -rf "$folder"/{config.yaml,log,logs,policies,rewards,train,curves,pages.jsonl,report.html,output.txt} \
    "$folder"/evaluation*.json
}
