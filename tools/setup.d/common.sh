# shellcheck shell=bash
# What tools/setup, tools/penstock and tools/test share: where things are, and how a step looks.
# The script that sources this has set `root` (the checkout) and `program` (its own name).

cache=${PENSTOCK_CACHE:-$HOME/.cache/penstock}
files=$cache/files
# CAF for the thread sanitizer, where tools/dev/build_tsan_caf has made it.
tsan_caf=$cache/tsan-caf
quiet=${quiet:-0}

case $cache in
  *[[:space:]]*)
    echo "$program: the cache folder '$cache' has a space in its name, which the linker's run path cannot carry;" \
      "set PENSTOCK_CACHE to another" >&2
    exit 2
    ;;
  /*) ;;
  *)
    echo "$program: the cache folder '$cache' must be an absolute path (PENSTOCK_CACHE)" >&2
    exit 2
    ;;
esac

# One plain line on stderr: stdout belongs to what the user asked for.
say() {
  [[ $quiet = 1 ]] || printf '%s: %s\n' "$program" "$*" >&2
}

die() {
  printf '%s: %s\n' "$program" "$*" >&2
  exit 1
}

# Prints how far a step is: the percentage in apt's status file, or what a folder weighs by now.
measure() {
  local watched=$1 line
  if [[ -f $watched ]]; then
    line=$(tail -n 1 "$watched" 2>/dev/null)
    [[ $line =~ ^(dl|pm)status:[^:]*:([0-9]+) ]] || return 0
    [[ ${BASH_REMATCH[1]} = dl ]] && printf 'downloading %d %%' "${BASH_REMATCH[2]}" ||
      printf 'installing %d %%' "${BASH_REMATCH[2]}"
  elif [[ -d $watched ]]; then
    printf '%d MB' "$(du -sm "$watched" 2>/dev/null | cut -f1)"
  fi
}

# step TEXT WATCHED COMMAND...: runs the command in the background, its output in a log, and shows the
# text as one line: with a moving figure on a terminal, else followed by a line every 15 s. A failure
# shows the end of the log.
step() {
  local text=$1 watched=$2
  shift 2
  local log begun=$SECONDS told=$SECONDS turn=0 rc=0 pid
  log=$(mktemp "${TMPDIR:-/tmp}/penstock-step.XXXXXX")
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  local terminal=0
  [[ -t 2 && $quiet = 0 ]] && terminal=1
  [[ $terminal = 1 ]] || say "$text"
  while kill -0 "$pid" 2>/dev/null; do
    if [[ $terminal = 1 ]]; then
      printf '\r\033[K%s: %s  %s %s' "$program" "$text" "${spinner:turn++%4:1}" "$(measure "$watched")" >&2
    elif ((SECONDS - told >= 15)); then
      told=$SECONDS
      say "  still at it after $((SECONDS - begun)) s: $(measure "$watched")"
    fi
    sleep 0.2
  done
  wait "$pid" || rc=$?
  [[ $terminal = 1 ]] && printf '\r\033[K%s: %s  done in %d s\n' "$program" "$text" $((SECONDS - begun)) >&2
  if ((rc != 0)); then
    printf '%s: %s: failed with status %d; the end of its output:\n' "$program" "$text" "$rc" >&2
    tail -n 15 "$log" | sed 's/^/    /' >&2
  fi
  rm -f "$log"
  return "$rc"
}
# shellcheck disable=SC1003
spinner='|/-\'
