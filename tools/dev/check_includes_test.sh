#!/bin/bash
# Plants one include after the other in an invented checkout, and sees whether check_includes bites.
set -u

check=$PWD/tools/dev/check_includes
tree=$TEST_TMPDIR/checkout
failed=0

# expect STATUS FILE HEADER: what check_includes must say of a checkout with just that include.
expect() {
  local wanted=$1 file=$2 header=$3 found=0 output
  rm -rf "$tree"
  mkdir -p "$tree/$(dirname "$file")"
  printf '// A comment names <caf/all.hpp> freely.\n#include <vector>\n  #  include <%s>\n' "$header" >"$tree/$file"
  output=$(python3 "$check" "$tree") || found=$?
  if [[ $found != "$wanted" || ($wanted = 1 && $output != "$file:3: <$header> "*) ]]; then
    echo "$file with <$header>: status $found instead of $wanted; it said: $output"
    failed=1
  fi
}

expect 0 actors/stream.cc caf/error.hpp
expect 1 engine/flow/window.cc caf/error.hpp
expect 1 tools/cli/main.cc caf/error.hpp
expect 0 engine/yaml/reader.cc yaml-cpp/eventhandler.h
expect 1 engine/graph/spec.cc yaml-cpp/yaml.h
expect 0 engine/base/log.cc spdlog/spdlog.h
expect 1 engine/base/log.h spdlog/spdlog.h
expect 1 engine/base/logger.cc fmt/format.h
expect 0 drivers/media/av/reader.cc libavformat/avformat.h
expect 1 drivers/openvino/driver.cc opencv2/core.hpp
expect 0 drivers/openvino/driver.cc openvino/openvino.hpp
expect 1 drivers/media/image/reader.cc openvino/openvino.hpp
expect 1 actors/infer.cc openvino/openvino.hpp
expect 0 tools/cli/main.cc boost/program_options.hpp
expect 1 tools/penstockd/main.cc boost/program_options.hpp
expect 0 engine/graph/spec.cc nlohmann/json.hpp
expect 1 engine/graph/spec.h nlohmann/json.hpp
expect 0 engine/package/archive.cc zip.h
expect 1 engine/package/package.cc zip.h
expect 0 engine/package/digest.cc openssl/evp.h
expect 1 engine/package/digest.h openssl/evp.h
expect 0 engine/flow/window_test.cc gtest/gtest.h
expect 1 engine/flow/window.cc gtest/gtest.h
expect 1 engine/flow/window.cc sqlite3.h
expect 0 engine/flow/window.cc sys/eventfd.h

rm -rf "$tree" && mkdir "$tree"
python3 "$check" "$tree" && {
  echo "an empty checkout passed"
  failed=1
}
exit "$failed"
