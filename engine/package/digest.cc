#include "engine/package/digest.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <vector>

#include <openssl/evp.h>

#include "engine/base/check.h"
#include "engine/base/system_reason.h"

namespace penstock {
namespace {

constexpr std::size_t kDigits = 64;

}  // namespace

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) {}

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() { EVP_MD_CTX_free(context); }

  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  PENSTOCK_CHECK(state_->context != nullptr &&
                 EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1)
      << "libcrypto has no SHA-256";
}

Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
  PENSTOCK_CHECK(state_ != nullptr &&
                 EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

void Sha256::update(std::string_view text) {
  update(std::as_bytes(std::span(text.data(), text.size())));
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  PENSTOCK_CHECK(state_ != nullptr &&
                 EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1);
  state_.reset();
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kHex[digest[i] >> 4U];
    text += kHex[digest[i] & 15U];
  }
  return text;
}

std::string sha256_of(std::string_view text) {
  Sha256 sha;
  sha.update(text);
  return sha.finish();
}

Result<FileDigest> digest_of_file(const std::filesystem::path& path) {
  constexpr std::size_t kPiece = std::size_t{256} << 10U;
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{Errc::kNotFound, "cannot open '" + path.string() + "'" + system_reason(errno)};
  }
  Sha256 sha;
  FileDigest result;
  std::vector<char> piece(kPiece);
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto got = static_cast<std::size_t>(file.gcount());
    sha.update(std::string_view(piece.data(), got));
    result.bytes += got;
  }
  if (file.bad()) {
    return Error{Errc::kUnavailable, "cannot read '" + path.string() + "'"};
  }
  result.sha256 = sha.finish();
  return result;
}

bool looks_like_sha256(std::string_view text) noexcept {
  return text.size() == kDigits && std::all_of(text.begin(), text.end(), [](char digit) {
           return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
         });
}

}  // namespace penstock
