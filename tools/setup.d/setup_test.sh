#!/bin/bash
# tools/setup in an invented checkout, with an invented npm: what it fetches, refuses, keeps and repairs.
set -u

checkout=$TEST_TMPDIR/checkout
export PENSTOCK_CACHE=$TEST_TMPDIR/cache
failed=0

expect() {
  local what=$1
  shift
  "$@" || {
    echo "FAILED: $what ($*)"
    failed=1
  }
}

sha() {
  printf '%s' "$1" | sha256sum | cut -d' ' -f1
}

setup() {
  "$checkout/tools/setup" >"$TEST_TMPDIR/out" 2>&1 </dev/null
}

says() {
  grep -q -- "$1" "$TEST_TMPDIR/out"
}

fetches() {
  [[ $(wc -l <"$TEST_TMPDIR/fetched") = "$1" ]]
}

content() {
  [[ $(cat "$1") = "$2" ]]
}

absent() {
  [[ ! -e $1 ]]
}

# An npm that packs the files of $TEST_TMPDIR/registry, and notes that it was called.
mkdir -p "$TEST_TMPDIR/bin" "$TEST_TMPDIR/registry/package/tree" "$checkout/third_party/assets"
cat >"$TEST_TMPDIR/bin/npm" <<'END'
#!/bin/bash
echo "${@: -1}" >>"$TEST_TMPDIR/fetched"
[[ ! -e $TEST_TMPDIR/no-network ]] && tar -C "$TEST_TMPDIR/registry" -czf package.tgz package
END
chmod +x "$TEST_TMPDIR/bin/npm"
export PATH=$TEST_TMPDIR/bin:$PATH
: >"$TEST_TMPDIR/fetched"
printf 'labelsMODEL' >"$TEST_TMPDIR/registry/package/packed"
printf 'one' >"$TEST_TMPDIR/registry/package/tree/a"

mkdir -p "$checkout/tools"
cp -rL tools/setup tools/setup.d "$checkout/tools/"
: >"$checkout/tools/setup.d/debian.txt"
tree=$(cd "$TEST_TMPDIR/registry/package/tree" && sha256sum ./a | sha256sum | cut -d' ' -f1)
cat >"$checkout/third_party/assets/assets.txt" <<END
# A comment.
npm @some/thing 1.2.3 1 run MIT
    models/m.tflite    6..11  $(sha MODEL)   package/packed
    models/labels.txt  0..6   $(sha labels)  package/packed
    cases              tree   $tree          package/tree
npm linter 1.0.0 1 lint MIT
    bin/linter  all  $(sha x)  package/nowhere
END

touch "$TEST_TMPDIR/no-network"
setup
expect 'without a network it fails' test $? = 1
expect 'and names the package' says 'could not fetch @some/thing 1.2.3'
rm "$TEST_TMPDIR/no-network"

: >"$TEST_TMPDIR/fetched"
expect 'the next call succeeds' setup
expect 'one package is one download' fetches 1
expect 'a range of bytes is a file' content "$PENSTOCK_CACHE/files/models/m.tflite" MODEL
expect 'and is linked where graphs name it' content "$checkout/models/labels.txt" labels
expect 'a tree comes whole' content "$PENSTOCK_CACHE/files/cases/a" one
expect 'Bazel is told of the cache' grep -q "PENSTOCK_CACHE=$PENSTOCK_CACHE" "$checkout/setup.bazelrc"

expect 'a second call succeeds' setup
expect 'and fetches nothing' fetches 1
expect 'and says nothing' test ! -s "$TEST_TMPDIR/out"

rm -r "$PENSTOCK_CACHE/stamps"
expect 'lost stamps are written anew' setup
expect 'without a download' fetches 1

printf 'MOD' >"$PENSTOCK_CACHE/files/models/m.tflite"
expect 'a damaged file is repaired' setup
expect 'by a download' fetches 2
expect 'to its right content' content "$checkout/models/m.tflite" MODEL

rm "$checkout/models/m.tflite" && echo mine >"$checkout/models/m.tflite"
expect "the user's own file is no failure" setup
expect 'and stays' content "$checkout/models/m.tflite" mine

rm -r "$PENSTOCK_CACHE"
printf 'labelsVIRUS' >"$TEST_TMPDIR/registry/package/packed"
setup
expect 'another content than the pinned one fails' test $? = 1
expect 'and is named' says 'models/m.tflite from @some/thing 1.2.3 has SHA-256'
expect 'and is not used' absent "$PENSTOCK_CACHE/files/models/m.tflite"
exit "$failed"
