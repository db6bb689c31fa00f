# shellcheck shell=bash
# What tools/setup leaves in the checkout: models/ and clips/ as folders of links, and setup.bazelrc.

link_into_checkout() {
  local place
  for place in "${run_links[@]}"; do
    [[ $root/$place -ef $files/$place ]] && continue
    # A file of that name that is no link is the user's own: it stays.
    if [[ -e $root/$place && ! -L $root/$place ]]; then
      say "$place is a file of yours, so it is not linked to the cache"
      continue
    fi
    mkdir -p "$root/${place%/*}"
    ln -sfn "$files/$place" "$root/$place"
  done
}

# The cache folder may differ from .bazelrc's default, and repository rules ask for it.
write_bazel_settings() {
  local wanted settings=$root/setup.bazelrc
  wanted="# Written by tools/setup; your own settings belong into user.bazelrc.
build --disk_cache=$cache/bazel
build --repo_env=PENSTOCK_CACHE=$cache"
  [[ -f $settings && $(<"$settings") = "$wanted" ]] && return 0
  printf '%s\n' "$wanted" >"$settings.$$"
  mv "$settings.$$" "$settings"
}
