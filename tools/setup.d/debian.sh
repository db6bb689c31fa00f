# shellcheck shell=bash
# The Debian half of tools/setup: compares debian.txt with dpkg's own list, installs the difference.

missing_packages=()
as_root=()
lists_updated=0

find_missing_packages() {
  missing_packages=()
  local line group='' wanted=() state package
  local -A installed=()
  while read -r line; do
    line=${line%%#*}
    line=${line%"${line##*[![:space:]]}"}
    case $line in
      '') ;;
      '['*']') group=${line:1:-1} ;;
      *) [[ $group = build || ($group = lint && $lint = 1) ]] && wanted+=("$line") ;;
    esac
  done <"$root/tools/setup.d/debian.txt"
  # Asking a Python for its pip costs half a second, so only when something is to come through it.
  if pip_is_needed && ! python_with_pip >/dev/null; then
    wanted+=(python3-pip)
  fi
  # Another distribution may have all of it under other names: only Bazel would tell.
  command -v dpkg-query >/dev/null || {
    missing_packages=("${wanted[@]}")
    return
  }
  while read -r package state; do
    [[ $state = installed ]] && installed[$package]=1
  done < <(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || :)
  for package in "${wanted[@]}"; do
    [[ -n ${installed[$package]:-} ]] || missing_packages+=("$package")
  done
}

# Sets `as_root` to what runs a command as root; fails where nothing does without a password.
find_root() {
  if [[ $(id -u) = 0 ]]; then
    as_root=(env)
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    return 1
  fi
}

# Ends with status 3 and the command that someone with root has to run.
ask_for_root() {
  printf '%s: %s; this needs root, and there is neither root nor sudo without a password. Run once as root:\n' \
    "$program" "$1" >&2
  shift
  printf '    %s\n' "$@" >&2
  exit 3
}

apt_get() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
    -o DPkg::Lock::Timeout=600 "$@"
}

update_lists() {
  ((lists_updated)) && return 0
  step "refreshing Debian's package lists" '' apt_get update
  lists_updated=1
}

install_missing_packages() {
  ((${#missing_packages[@]})) || return 0
  local count=${#missing_packages[@]} status
  command -v apt-get >/dev/null && find_root || ask_for_root "$count Debian packages are missing" \
    "apt-get update" "apt-get install --no-install-recommends ${missing_packages[*]}"
  update_lists || die "cannot refresh the package lists; is there a network?"
  status=$(mktemp "$cache/tmp/apt-status.XXXXXX")
  step "installing $count Debian packages (up to a few minutes)" "$status" apt_install "$status" ||
    die "Debian packages were not installed; to see why: apt-get install --no-install-recommends ${missing_packages[*]}"
  rm -f "$status"
  hash -r
}

# An installation that was cut off is ended first. sudo closes the descriptor that apt reports to, so it is
# opened on the other side of it.
apt_install() {
  "${as_root[@]}" bash -c 'dpkg --configure -a; exec 3>>"$0"; DEBIAN_FRONTEND=noninteractive exec apt-get -q -y \
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 -o APT::Status-Fd=3 install --no-install-recommends "$@"' \
    "$1" "${missing_packages[@]}"
}

# Prints the first Python that has pip: the one in front may be somebody's virtual environment.
python_with_pip() {
  local python
  for python in python3 /usr/bin/python3; do
    "$python" -m pip --version >/dev/null 2>&1 && echo "$python" && return 0
  done
  return 1
}
