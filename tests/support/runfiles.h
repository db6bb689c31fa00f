#pragma once

#include <filesystem>
#include <string_view>

namespace penstock::testing {

/// Finds the files that a test names in its `data`, inside Bazel's sandbox and outside of Bazel.
///
/// @code
///   data = ["@assets//:models/oid_labels.txt", "//graphs:people.yaml"]     // in BUILD
///   asset("models/oid_labels.txt"), checkout_file("graphs/people.yaml")    // in the test
/// @endcode

/// Returns where a file of `@assets` is: `models/...`, `clips/...` or `onnx-cases`.
/// Pre: it exists (checked): a missing file means a missing line in `data`, or no `tools/setup`.
std::filesystem::path asset(std::string_view place);

/// Returns where a file of the checkout is, named from the checkout's root.
/// Pre: it exists (checked).
std::filesystem::path checkout_file(std::string_view path);

/// Returns a folder that this test alone may write to. Bazel empties it before each run.
std::filesystem::path scratch_folder();

}  // namespace penstock::testing
