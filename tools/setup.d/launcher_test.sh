#!/bin/bash
# tools/penstock in an invented checkout whose path has a space, with an invented Bazel: when it builds.
set -u

checkout="$TEST_TMPDIR/check out"
export PENSTOCK_CACHE=$TEST_TMPDIR/cache BAZEL=$TEST_TMPDIR/bazel
failed=0

expect() {
  local what=$1
  shift
  "$@" || {
    echo "FAILED: $what ($*); it said: $(cat "$TEST_TMPDIR/err")"
    failed=1
  }
}

# prints TEXT WORD...: the program, called with these words, prints the text.
prints() {
  local text=$1
  shift
  [[ $("$checkout/tools/penstock" "$@" 2>"$TEST_TMPDIR/err") = "$text" ]]
}

builds() {
  [[ $(wc -l <"$TEST_TMPDIR/built") = "$1" ]]
}

cat >"$BAZEL" <<'END'
#!/bin/bash
echo "$PWD" >>"$TEST_TMPDIR/built"
[[ $PWD != *' '* && -f WORKSPACE && ! -e engine/broken.cc ]] || { echo "ERROR: no" >&2; exit 1; }
mkdir -p bazel-bin/tools/cli
printf '#!/bin/bash\nprintf "<%%s>" "$@"\n' >bazel-bin/tools/cli/penstock
chmod +x bazel-bin/tools/cli/penstock
END
chmod +x "$BAZEL"
: >"$TEST_TMPDIR/built"
mkdir -p "$checkout/tools/cli" "$checkout/engine" "$checkout/third_party/assets"
cp -rL tools/setup tools/penstock tools/setup.d "$checkout/tools/"
: >"$checkout/tools/setup.d/debian.txt"
: >"$checkout/third_party/assets/assets.txt"
touch "$checkout/WORKSPACE" "$checkout/engine/a.cc" "$checkout/engine/b.cc"

expect 'a checkout without the program is told so' test "$("$checkout/tools/penstock" 2>&1 | grep -c 'no tools/cli')" = 1
touch "$checkout/tools/cli/BUILD"
expect 'the first call builds and runs, words intact' prints '<run><a b><>' run 'a b' ''
expect 'in one build' builds 1
expect 'the second call runs' prints '<x>' x
expect 'without a build' builds 1
(cd / && prints '<x>' x)
expect 'nor does the caller'"'"'s folder matter' builds 1

# Change times have the clock's tick, so a change right after a build could bear the build's own time.
tick() {
  local mark=$TEST_TMPDIR/mark reference=$TEST_TMPDIR/reference
  touch "$reference"
  until touch "$mark" && [[ $mark -nt $reference ]]; do :; done
}

tick && touch "$checkout/engine/a.cc"
expect 'a changed source' prints '<x>' x
expect 'is built' builds 2
tick && rm "$checkout/engine/b.cc"
expect 'a removed source' prints '<x>' x
expect 'is noticed' builds 3
tick && touch -d '2001-01-01' "$checkout/engine/a.cc"
expect 'a source with an old date' prints '<x>' x
expect 'is noticed too' builds 4
tick && touch "$checkout/engine/broken.cc"
expect 'a failed build runs nothing' prints '' x
expect 'and says why' grep -q 'ERROR: no' "$TEST_TMPDIR/err"
tick && rm "$checkout/engine/broken.cc"
expect 'after the repair' prints '<x>' x
expect 'it builds again' builds 6
find "$PENSTOCK_CACHE/checkouts" -name penstock -type f -delete
expect 'a program that is gone' prints '<x>' x
expect 'is built again' builds 7
exit "$failed"
