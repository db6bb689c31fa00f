#include "engine/package/package.h"

#include <algorithm>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "engine/package/archive_writer.h"
#include "engine/package/testing/raw_zip.h"
#include "tests/support/runfiles.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = R"(penstock_package: 1
name: people
networks:
  - name: detector
    labels: labels.txt
    variants:
      - {name: small, model: models/small.onnx}
)";

std::map<std::string, std::string> right_files() {
  return {{"manifest.yaml", kManifest},
          {"labels.txt", "person\n"},
          {"models/small.onnx", "not really a model"}};
}

/// A folder of the test that runs.
fs::path own_folder() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const fs::path folder = testing::scratch_folder() / test->name();
  fs::create_directories(folder);
  return folder;
}

fs::path fresh_folder() {
  fs::remove_all(own_folder());
  return own_folder();
}

fs::path write_file(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

fs::path folder_of(const std::map<std::string, std::string>& files) {
  const fs::path path = own_folder() / "people";
  fs::remove_all(path);
  EXPECT_TRUE(write_folder({{}, files}, path).has_value());
  return path;
}

fs::path zip_of(const std::map<std::string, std::string>& files) {
  const fs::path path = own_folder() / "people.zip";
  fs::remove(path);
  EXPECT_TRUE(write_zip({{}, files}, path).has_value());
  return path;
}

/// What is wrong with the folder and the zip of these files; the path is left out, so that both
/// must say the same.
std::string verdict(const std::map<std::string, std::string>& files) {
  std::string both;
  for (const fs::path& path : {folder_of(files), zip_of(files)}) {
    const auto package = open_package(path);
    std::string text = package.has_value() ? "fine" : package.error().message;
    for (std::size_t at = 0; (at = text.find(path.string())) != std::string::npos;) {
      text.replace(at, path.string().size(), "P");
    }
    EXPECT_TRUE(both.empty() || both == text) << both << "\n" << text;
    both = text;
  }
  return both;
}

TEST(Package, IsAFolderOrAZipWithTheSameIdentity) {
  const auto folder = open_package(folder_of(right_files()));
  ASSERT_TRUE(folder.has_value()) << folder.error().message;
  EXPECT_EQ(folder->form(), Package::Form::kFolder);
  EXPECT_EQ(folder->info().networks.at(0).variants.at(0).model, "models/small.onnx");
  const auto zip = open_package(zip_of(right_files()));
  ASSERT_TRUE(zip.has_value()) << zip.error().message;
  EXPECT_EQ(zip->form(), Package::Form::kZip);
  EXPECT_EQ(zip->identity(), folder->identity());
  EXPECT_EQ(zip->files(), folder->files());
  EXPECT_EQ(zip->info(), folder->info());
  EXPECT_EQ(zip->bytes(), std::string(kManifest).size() + 7 + 18);
}

TEST(Package, HasTheIdentityThatSha256sumGives) {
  // find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum | sha256sum
  std::map<std::string, std::string> files = right_files();
  const auto package = open_package(folder_of(files));
  ASSERT_TRUE(package.has_value());
  EXPECT_EQ(package->files()[0].path, "labels.txt");
  EXPECT_EQ(package->files()[0].sha256,
            "51d7a35f479052ab571dc6996a486c94d766358e9dab8d223c98e455544e8080");
  EXPECT_EQ(package->identity(),
            "1c4ba53f188b41b555dc3f29e5ff830f8c3c82f6dcb81261543df23ecbc15132");
}

TEST(Package, HasAnIdentityThatFollowsItsContent) {
  const auto before = open_package(folder_of(right_files()));
  std::map<std::string, std::string> files = right_files();
  files["labels.txt"] = "people\n";
  const auto after = open_package(folder_of(files));
  ASSERT_TRUE(before.has_value() && after.has_value());
  EXPECT_NE(before->identity(), after->identity());
}

TEST(Package, IsAlsoAPlainFile) {
  const fs::path path = write_file(fresh_folder() / "2 faces.onnx", "model");
  const auto package = open_package(path);
  ASSERT_TRUE(package.has_value()) << package.error().message;
  EXPECT_EQ(package->form(), Package::Form::kPlainFile);
  ASSERT_EQ(package->info().networks.size(), 1U);
  EXPECT_EQ(package->info().networks[0].name, "model_2_faces");
  EXPECT_EQ(package->info().networks[0].variants.at(0).model, "2 faces.onnx");
  const auto folder = package->materialise(fresh_folder());
  ASSERT_TRUE(folder.has_value());
  EXPECT_EQ(*folder / package->info().networks[0].variants[0].model, path);
}

TEST(Package, IsAFileOfADriversOwnKindOnlyWhereThatIsAskedFor) {
  const fs::path file = write_file(fresh_folder() / "net.hef", "compiled");
  EXPECT_EQ(open_package(file).error().code, Errc::kUnsupported);
  const auto package = open_package_or_file(file);
  ASSERT_TRUE(package.has_value()) << package.error().message;
  EXPECT_EQ(package->form(), Package::Form::kPlainFile);
  EXPECT_EQ(package->info().networks.front().variants.front().model, "net.hef");
}

TEST(Package, OfAPlainFileDoesNotDependOnItsName) {
  const fs::path folder = fresh_folder();
  const auto one = open_package(write_file(folder / "one.onnx", "model"));
  const auto two = open_package(write_file(folder / "two.onnx", "model"));
  const auto other = open_package(write_file(folder / "one.tflite", "model"));
  EXPECT_EQ(one->identity(), two->identity());
  EXPECT_NE(one->identity(), other->identity());
}

TEST(Package, OfAnXmlIncludesItsWeights) {
  const fs::path folder = fresh_folder();
  const fs::path path = write_file(folder / "net.xml", "<net/>");
  const auto without = open_package(path);
  write_file(folder / "net.bin", "weights");
  const auto with = open_package(path);
  ASSERT_TRUE(with.has_value());
  ASSERT_EQ(with->files().size(), 2U);
  EXPECT_EQ(with->files()[0].path, "model.bin");
  EXPECT_NE(without->identity(), with->identity());
}

TEST(Package, RefusesMissingFilesAtTheirPlace) {
  std::map<std::string, std::string> files = right_files();
  files.erase("models/small.onnx");
  EXPECT_EQ(verdict(files),
            "P/manifest.yaml:7:30: error[E018]: network 'detector', variant 'small', model: "
            "'models/small.onnx' is not in the package");
}

TEST(Package, RefusesLabelsThatAreNoText) {
  std::map<std::string, std::string> files = right_files();
  files["labels.txt"] = "\xFF\xD8\xFF\xE0";
  EXPECT_EQ(verdict(files),
            "'P/labels.txt': line 1 is not text in UTF-8; line n of a label file is label n");
}

TEST(Package, RefusesVariantsOfDifferentNetworks) {
  std::map<std::string, std::string> files = right_files();
  files["models/other.onnx"] = "another";
  files["manifest.yaml"] =
      "penstock_package: 1\nname: people\nnetworks:\n- name: detector\n  variants:\n"
      "  - {name: small, model: models/small.onnx, inputs: [{name: a, type: f32, shape: [1]}]}\n"
      "  - {name: other, model: models/other.onnx, inputs: [{name: b, type: f32, shape: [1]}]}\n";
  files.erase("labels.txt");
  EXPECT_EQ(verdict(files),
            "'P/manifest.yaml': variants 'small' and 'other' are not the same network: input 0 is "
            "'a' f32 and 'b' f32; only shapes may differ");
}

TEST(Package, RefusesAFileThatIsTwoThings) {
  std::map<std::string, std::string> files = right_files();
  files["manifest.yaml"] =
      "penstock_package: 1\nname: people\nnetworks:\n- name: detector\n  variants:\n"
      "  - {name: small, model: models/small.onnx, preprocess: models/small.onnx}\n";
  EXPECT_EQ(verdict(files),
            "'P/manifest.yaml': 'models/small.onnx' is 'model' of network 'detector', variant "
            "'small' and 'preprocess' of network 'detector', variant 'small'; a file is one thing");
}

TEST(Package, RefusesAManifestThatIsWrong) {
  std::map<std::string, std::string> files = right_files();
  files["manifest.yaml"] = "{a: [}";
  EXPECT_EQ(verdict(files).substr(0, 34), "P/manifest.yaml:1:6: error[E001]: ");
  files["manifest.yaml"] = "penstock_package: 1\nnetworks: 5\nname: \"x\\e[2J\"\n";
  EXPECT_EQ(verdict(files),
            "P/manifest.yaml:2:11: error[E012]: 'networks' wants a list, not '5'\n"
            "P/manifest.yaml:3:7: error[E017]: name 'x?[2J' must be letters, digits, '_', '-' and "
            "'.', at most 64, the first a letter or '_'");
  files["manifest.yaml"] = std::string("\xFF\xFE", 2);
  EXPECT_EQ(verdict(files).substr(0, 34), "P/manifest.yaml:1:1: error[E001]: ");
}

TEST(Package, RefusesALaterFormat) {
  std::map<std::string, std::string> files = right_files();
  files["manifest.yaml"] = "penstock_package: 7\nwonders: true\n";
  const auto package = open_package(folder_of(files));
  ASSERT_FALSE(package.has_value());
  EXPECT_EQ(package.error().code, Errc::kUnsupported);
  EXPECT_EQ(
      verdict(files),
      "P/manifest.yaml:1:19: error[E004]: 'penstock_package' is '7'; this version of Penstock "
      "reads format 1");
}

TEST(Package, ComparesTheHashesOfItsManifest) {
  std::map<std::string, std::string> files = right_files();
  const std::string labels = "f4c2f9d7ab2e5e1b4b4a4c0bb6cfe9ff7b3ec0ee9c6b6bf2cba5f3ca7b6ab6b8";
  files["manifest.yaml"] = std::string(kManifest) + "files: {labels.txt: " + labels + "}\n";
  EXPECT_EQ(verdict(files).substr(0, 39),
            "'P/labels.txt': has the SHA-256 " +
                open_package(folder_of(right_files()))->files()[0].sha256.substr(0, 7));
  const std::string right = open_package(folder_of(right_files()))->files()[0].sha256;
  files["manifest.yaml"] = std::string(kManifest) + "files: {labels.txt: " + right + "}\n";
  EXPECT_EQ(verdict(files), "'P/models/small.onnx': is not listed in 'files' of the manifest");
  files["manifest.yaml"] = std::string(kManifest) + "files: {other.txt: " + right + "}\n";
  EXPECT_EQ(verdict(files), "'P/other.txt': is listed in 'files' of the manifest and missing");
}

TEST(Package, RefusesWhatIsNone) {
  const fs::path folder = fresh_folder();
  const auto code = [](const fs::path& path) { return open_package(path).error().code; };
  EXPECT_EQ(code(folder / "none.onnx"), Errc::kNotFound);
  EXPECT_EQ(code(folder), Errc::kUnsupported);  // Empty.
  EXPECT_EQ(code(write_file(folder / "a.gz", "\x1f\x8b")), Errc::kUnsupported);
  EXPECT_EQ(code(write_file(folder / "a.zip", "\x1f\x8b")), Errc::kCorrupt);
  EXPECT_EQ(code(write_file(folder / "empty.zip", "")), Errc::kCorrupt);
  EXPECT_EQ(code(write_file(folder / "empty.onnx", "")), Errc::kCorrupt);
  EXPECT_EQ(code(write_file(folder / "jar.zip", testing::raw_zip({{"META-INF/MANIFEST.MF", "x"}}))),
            Errc::kUnsupported);
  EXPECT_EQ(code("/dev/null"), Errc::kUnsupported);
}

TEST(Package, SaysWhenItsManifestIsNotAtTheTop) {
  std::map<std::string, std::string> files;
  for (const auto& [path, text] : right_files()) {
    files["people/" + path] = text;
  }
  EXPECT_EQ(verdict(files),
            "'P': has no 'manifest.yaml' at its top, but 'people/manifest.yaml'; a package has it "
            "at the top");
}

TEST(Package, RefusesLinksInAFolder) {
  const fs::path folder = folder_of(right_files());
  fs::create_symlink("/etc/passwd", folder / "passwd");
  EXPECT_EQ(
      open_package(folder).error().message,
      "'" + (folder / "passwd").string() + "': is a symbolic link; a package holds plain files");
  fs::remove(folder / "passwd");
  fs::create_directory_symlink("..", folder / "up");
  EXPECT_EQ(open_package(folder).error().code, Errc::kCorrupt);
}

TEST(Package, SaysOfAFolderWithoutManifestThatItIsNoneWhateverLiesInIt) {
  const fs::path folder = folder_of({{"notes.txt", "x"}});
  fs::create_symlink("/etc/passwd", folder / "passwd");
  const Error refused = open_package(folder).error();
  EXPECT_EQ(refused.code, Errc::kUnsupported);
  EXPECT_EQ(refused.message,
            "'" + folder.string() + "' is no model package: it has no 'manifest.yaml'");
}

TEST(Package, RefusesWhatIsBeyondItsLimits) {
  const std::map<std::string, std::string> files = right_files();
  for (const fs::path& path : {folder_of(files), zip_of(files)}) {
    EXPECT_TRUE(open_package(path, {3, 1000, 2000}).has_value());
    EXPECT_EQ(open_package(path, {2, 1000, 2000}).error().code, Errc::kCorrupt);
    EXPECT_EQ(open_package(path, {3, 10, 2000}).error().code, Errc::kCorrupt);
    EXPECT_EQ(open_package(path, {3, 1000, 20}).error().code, Errc::kCorrupt);
  }
}

TEST(Package, MayBeNamedWithASlashAtTheEnd) {
  const fs::path folder = folder_of(right_files());
  EXPECT_TRUE(open_package(folder.string() + "/").has_value());
}

}  // namespace
}  // namespace penstock
