# shellcheck shell=bash
# Builds with Bazel only when something changed since the last build that went well. Asking Bazel itself
# costs a second with a warm server and ten without one; one `find` costs a hundredth.

bazel=${BAZEL:-bazel}

# Lines of Bazel's that tell nobody anything (the sandbox's own trace comes with every failing action).
bazel_noise='^(Loading:|Analyzing:|INFO: |$|[0-9.]+: src/main/tools/linux-sandbox)'

# Everything a build may depend on, except what Bazel writes.
build_inputs=(.bazelrc setup.bazelrc user.bazelrc WORKSPACE BUILD actors bindings drivers engine third_party tools)

# Sets `workspace`, the folder in which Bazel is called. It refuses a path with a space in it, so such a
# checkout gets a folder of links in the cache: Bazel follows them, and names files relative to it.
find_workspace() {
  workspace=$root
  [[ $root = *[[:space:]]* ]] || return 0
  local entry name
  workspace=$cache/checkouts/$(printf '%s' "$root" | sha256sum | cut -c1-16)
  mkdir -p "$workspace"
  for entry in "$root"/* "$root"/.bazelrc; do
    name=${entry##*/}
    [[ $name = bazel-* || $workspace/$name -ef $entry ]] || ln -sfn "$entry" "$workspace/$name"
  done
  find "$workspace" -maxdepth 1 -xtype l -not -name 'bazel-*' -delete
}

# Is `stamp` missing, or any input (a file, or a folder that lost one) newer? Asks for the time of the
# last change of the inode, which unpacking and copying cannot set back.
is_stale() {
  local stamp=$1 inputs=() input
  [[ -f $stamp && -x $workspace/bazel-bin/tools/cli/penstock ]] || return 0
  for input in "${build_inputs[@]}"; do
    [[ -e $root/$input ]] && inputs+=("$root/$input")
  done
  [[ -n $(find "${inputs[@]}" -name __pycache__ -prune -o -cnewer "$stamp" -print -quit) ]]
}

# build_when_stale NAME TARGET...: NAME tells stamps apart.
build_when_stale() {
  local name=$1 stamp=$root/.cache/built-$1
  shift
  is_stale "$stamp" || return 0
  mkdir -p "$root/.cache"
  # Two calls at once: the second waits, and then finds the work done.
  exec 8>"$root/.cache/build.lock"
  if ! flock -n 8; then
    say "waiting for another build to finish"
    flock 8
    is_stale "$stamp" || {
      exec 8>&-
      return 0
    }
  fi
  # What changes while it builds must count as newer, so the stamp bears the time of the start.
  : >"$stamp.new"
  if [[ -f $stamp ]]; then
    say "building $*"
  else
    say "building $* (the first time takes some minutes)"
  fi
  build "$@" || die "the build failed: see above"
  mv "$stamp.new" "$stamp"
  exec 8>&-
}

# Bazel's own moving line on a terminal; else what it does every 20 s, and what goes wrong.
build() {
  local words=(build --noshow_loading_progress --show_result=0)
  if [[ -t 2 ]]; then
    run_bazel "${words[@]}" --curses=yes "$@"
  else
    run_bazel "${words[@]}" --curses=no --color=no --show_progress_rate_limit=20 "$@" 2>&1 |
      { grep --line-buffered -vE "$bazel_noise" || :; } >&2
  fi
}

run_bazel() {
  (cd "$workspace" && "$bazel" "$@" 8>&- 9>&-)
}
