#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace penstock {

/// Computes a SHA-256 piece by piece.
///
/// States: taking bytes -> finished (once, by `finish()`).
/// Thread-safety: one thread at a time.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  /// Pre: not finished.
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);

  /// Returns the digest in 64 lower-case hexadecimal digits. Pre: not finished.
  [[nodiscard]] std::string finish();

 private:
  struct State;

  std::unique_ptr<State> state_;
};

/// Returns the SHA-256 of `text`.
std::string sha256_of(std::string_view text);

/// What a file holds.
struct FileDigest {
  std::uint64_t bytes = 0;
  std::string sha256;
};

/// Reads the whole file at `path`.
/// Errors: `kNotFound` if it cannot be opened; `kUnavailable` if reading fails.
Result<FileDigest> digest_of_file(const std::filesystem::path& path);

/// True for 64 lower-case hexadecimal digits.
bool looks_like_sha256(std::string_view text) noexcept;

}  // namespace penstock
