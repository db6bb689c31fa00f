// Seeded changes to whole archives: whatever comes out is refused, or is the package it was.

#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "engine/package/archive_writer.h"
#include "engine/package/package.h"
#include "tests/support/runfiles.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 4000;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Writes a small package of several kinds of member; returns its bytes.
std::string right_zip() {
  const fs::path path = testing::scratch_folder() / "right.zip";
  fs::remove(path);
  std::string manifest =
      "penstock_package: 1\nname: a\nnotes: some words that pack well, some words that pack well\n"
      "networks: [{name: a, labels: labels.txt, variants: [{name: a, model: m/a.onnx}]}]\n";
  EXPECT_TRUE(write_zip({{},
                         {{"manifest.yaml", manifest},
                          {"m/a.onnx", std::string(5000, 'm')},
                          {"labels.txt", "person\nbicycle\n"}}},
                        path)
                  .has_value());
  return read(path);
}

/// Changes `text` a few times: bytes, bits, stretches cut out, doubled or moved.
void mutate(std::string& text, std::mt19937& random) {
  const unsigned changes = 1 + random() % 4;
  for (unsigned i = 0; i < changes && !text.empty(); ++i) {
    const std::size_t at = random() % text.size();
    const std::size_t length = 1 + random() % 24;
    switch (random() % 6) {
      case 0:
        text[at] = static_cast<char>(random());
        break;
      case 1:
        text[at] = static_cast<char>(text[at] ^ (1 << (random() % 8)));
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(at, text.substr(random() % text.size(), length));
        break;
      case 4:
        text.resize(at);
        break;
      default:  // Where the numbers are: headers and the end.
        text[text.size() - 1 - random() % std::min<std::size_t>(text.size(), 200)] =
            random() % 2 == 0 ? '\0' : '\xFF';
        break;
    }
  }
}

TEST(PackageMutation, IsRefusedOrHarmless) {
  const std::string right = right_zip();
  const fs::path path = testing::scratch_folder() / "changed.zip";
  std::ofstream(path, std::ios::binary) << right;
  const std::string identity = open_package(path)->identity();
  int refused = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::mt19937 random(static_cast<unsigned>(round));
    std::string changed = right;
    mutate(changed, random);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << changed;
    const auto package = open_package(path);
    if (package.has_value()) {
      // A change of times or comments does no harm; a change of content would be another package.
      EXPECT_EQ(package->identity(), identity) << "seed " << round;
      continue;
    }
    ++refused;
    EXPECT_NE(package.error().message.find(path.string()), std::string::npos)
        << "seed " << round << ": " << package.error().message;
    EXPECT_NE(package.error().code, Errc::kInternal) << "seed " << round;
  }
  EXPECT_GT(refused, kRounds / 2);
}

}  // namespace
}  // namespace penstock
