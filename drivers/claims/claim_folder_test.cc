#include "drivers/claims/claim_folder.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/log.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): no header of ours has it

namespace penstock {
namespace {

std::string new_folder() {
  std::string pattern = ::testing::TempDir() + "claims-XXXXXX";
  PENSTOCK_CHECK(::mkdtemp(pattern.data()) != nullptr) << pattern;
  return pattern;
}

/// Another process that asks for a claim and keeps it.
class Holder {
 public:
  Holder(const std::string& folder, const std::string& mask) {
    std::array<int, 2> to{};
    std::array<int, 2> from{};
    PENSTOCK_CHECK(::pipe2(to.data(), O_CLOEXEC) == 0 && ::pipe2(from.data(), O_CLOEXEC) == 0)
        << "no pipe";
    std::vector<std::string> words = {
        "drivers/claims/claim_holder", folder, "sim", "metis-0:3:0", mask};
    std::vector<char*> arguments;
    for (std::string& word : words) {
      arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    const int failed =
        ::posix_spawn(&process_, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    PENSTOCK_CHECK(failed == 0) << failed;
    ::close(to[0]);
    ::close(from[1]);
    input_ = to[1];
    char c = 0;
    while (::read(from[0], &c, 1) == 1 && c != '\n') {
      answer_.push_back(c);
    }
    ::close(from[0]);
  }

  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  ~Holder() {
    if (process_ > 0) {
      finish();
    }
  }

  [[nodiscard]] const std::string& answer() const { return answer_; }

  [[nodiscard]] pid_t process() const { return process_; }

  /// Lets it end by itself.
  void finish() {
    ::close(input_);
    ::waitpid(std::exchange(process_, -1), nullptr, 0);
  }

  void kill_hard() {
    ::kill(process_, SIGKILL);
    finish();
  }

 private:
  pid_t process_ = -1;
  int input_ = -1;
  std::string answer_;
};

class Claims : public ::testing::Test {
 protected:
  Claims() : folder_(ClaimFolder::open_at(new_folder()).value()) {}

  [[nodiscard]] Result<DeviceClaim> claim(SubDeviceMask sub_devices) const {
    return folder_.claim("sim", "metis-0:3:0", sub_devices);
  }

  [[nodiscard]] std::optional<ClaimOwner> owner(std::uint32_t sub_device) const {
    return folder_.owner("sim", "metis-0:3:0", sub_device);
  }

  ClaimFolder folder_;
};

TEST_F(Claims, AreHeldUntilTheyAreDestroyed) {
  {
    const DeviceClaim held = claim(5).value();
    EXPECT_EQ(held.sub_devices(), 5U);
    const ClaimOwner self = owner(2).value();
    EXPECT_EQ(self.process, ::getpid());
    EXPECT_TRUE(self.is_alive);
    EXPECT_FALSE(owner(1).has_value());
  }
  EXPECT_FALSE(owner(0).has_value());
  EXPECT_FALSE(owner(2).has_value());
  EXPECT_TRUE(claim(5).has_value());
}

TEST_F(Claims, OfOneProcessKeepItsPartsApartToo) {
  const DeviceClaim held = claim(1).value();
  const auto second = claim(1);
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())),
            std::string::npos);
}

TEST_F(Claims, OfAnotherProcessAreRefusedNamingSubDeviceOwnerAndFile) {
  const Holder other(folder_.path(), "4");
  ASSERT_EQ(other.answer(), "held");

  const auto refused = claim(6);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(),
            (Error{Errc::kUnavailable,
                   "sub-device 2 of 'metis-0:3:0' is in use by process " +
                       std::to_string(other.process()) + " (claim_holder), which holds '" +
                       folder_.path() + "/sim.metis-0:3:0.2.claim'"}));
}

TEST_F(Claims, AreTakenAllOrNone) {
  const Holder other(folder_.path(), "4");
  ASSERT_FALSE(claim(7).has_value());
  EXPECT_FALSE(owner(0).has_value());
  EXPECT_FALSE(owner(1).has_value());
  EXPECT_TRUE(claim(3).has_value());
}

TEST_F(Claims, AreRefusedToAnotherProcess) {
  const DeviceClaim held = claim(2).value();
  const Holder other(folder_.path(), "2");
  EXPECT_NE(other.answer().find("sub-device 1 of 'metis-0:3:0' is in use by process " +
                                std::to_string(::getpid())),
            std::string::npos)
      << other.answer();
}

TEST_F(Claims, OfAProcessThatIsKilledAreFree) {
  Holder other(folder_.path(), "3");
  ASSERT_EQ(other.answer(), "held");
  ASSERT_EQ(owner(0).value().process, other.process());

  other.kill_hard();

  EXPECT_FALSE(owner(0).has_value());
  EXPECT_TRUE(claim(3).has_value());
}

TEST_F(Claims, ShowTheirOwnersInTheDevice) {
  DeviceInfo device;
  device.identity = "metis-0:3:0";
  device.sub_devices.resize(3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    device.sub_devices[i].index = i;
  }
  device.sub_devices[2].in_use_by = 99;  // What the driver knows by itself.
  const Holder other(folder_.path(), "2");

  folder_.fill_owners("sim", device);

  EXPECT_EQ(device.sub_devices[0].in_use_by, 0);
  EXPECT_EQ(device.sub_devices[1].in_use_by, other.process());
  EXPECT_EQ(device.sub_devices[2].in_use_by, 99);
}

TEST_F(Claims, AreOfOneDeviceOfOneDriver) {
  const DeviceClaim held = claim(1).value();
  EXPECT_TRUE(folder_.claim("sim", "metis-0:3:1", 1).has_value());
  EXPECT_TRUE(folder_.claim("metis", "metis-0:3:0", 1).has_value());
}

TEST_F(Claims, WriteAnyNameAsOneFileOfTheFolder) {
  const DeviceClaim held = folder_.claim("a/b", "../../x.0", 1).value();
  EXPECT_TRUE(std::ifstream(folder_.path() + "/a%2fb.%2e%2e%2f%2e%2e%2fx%2e0.0.claim").good());
  EXPECT_TRUE(folder_.claim("a", "b/../../x.0", 1).has_value());
}

TEST_F(Claims, NeedASubDevice) {
  EXPECT_EQ(claim(0).error().code, Errc::kInvalidArgument);
}

TEST_F(Claims, OutliveAProcessIdThatWasGivenOutAgain) {
  // A file that nobody holds says nothing, whatever is written in it.
  std::ofstream(folder_.path() + "/sim.metis-0:3:0.0.claim")
      << "process " << ::getpid() << "\nstarted 1\nprogram other\n";
  EXPECT_FALSE(owner(0).has_value());
  EXPECT_TRUE(claim(1).has_value());
}

TEST(ClaimFile, StaysHeldByTheChildOfADeadHolderAndSaysSo) {
  const std::string path = new_folder() + "/x.claim";
  std::array<int, 2> alive{};
  ASSERT_EQ(::pipe2(alive.data(), O_CLOEXEC), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    const auto held = ClaimFile::take(path, "x");
    if (::fork() == 0) {
      char c = 0;
      ::close(alive[1]);
      (void)!::read(alive[0], &c, 1);  // Until the test lets go.
      ::_exit(0);
    }
    ::_exit(0);
  }
  ASSERT_GT(parent, 0);
  ::waitpid(parent, nullptr, 0);

  const auto refused = ClaimFile::take(path, "x");

  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("process " + std::to_string(parent)), std::string::npos);
  EXPECT_NE(refused.error().message.find("ended"), std::string::npos) << refused.error().message;
  ::close(alive[0]);
  ::close(alive[1]);
}

TEST(ClaimFile, TakenBackIsFreeThoughAChildHasItOpen) {
  const std::string path = new_folder() + "/x.claim";
  std::array<int, 2> alive{};
  ASSERT_EQ(::pipe2(alive.data(), O_CLOEXEC), 0);
  pid_t child = -1;
  {
    const ClaimFile held = ClaimFile::take(path, "x").value();
    child = ::fork();
    if (child == 0) {
      char c = 0;
      ::close(alive[1]);
      (void)!::read(alive[0], &c, 1);
      ::_exit(0);
    }
  }
  EXPECT_TRUE(ClaimFile::take(path, "x").has_value());
  ::close(alive[0]);
  ::close(alive[1]);
  ::waitpid(child, nullptr, 0);
}

TEST(ClaimFile, CannotBeMadeWithoutItsFolder) {
  const auto refused = ClaimFile::take("/nowhere/at/all.claim", "sub-device 0");
  EXPECT_EQ(refused.error(),
            (Error{Errc::kUnavailable,
                   "sub-device 0: cannot open '/nowhere/at/all.claim': No such file or "
                   "directory"}));
}

TEST(ClaimFolder, IsInTheRunDirectoryOfTheUser) {
  const std::string run = new_folder();
  ASSERT_EQ(::setenv("XDG_RUNTIME_DIR", run.c_str(), 1), 0);
  const auto folder = ClaimFolder::open();
  ASSERT_TRUE(folder.has_value()) << folder.error().message;
  EXPECT_EQ(folder->path(), run + "/penstock");

  struct stat found {};

  ASSERT_EQ(::stat(folder->path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
}

TEST(ClaimFolder, SaysWhyARunDirectoryCannotBeUsed) {
  EXPECT_EQ(complaint_of_run_directory(new_folder()), "");
  EXPECT_EQ(complaint_of_run_directory("relative"), "is not an absolute path");
  EXPECT_EQ(complaint_of_run_directory("/nowhere/at/all"), "is not a folder of this user's");
}

TEST(ClaimFolder, WarnsOnceOfARunDirectoryThatItDoesNotUse) {
  std::vector<std::string> lines;
  LogOptions options;
  options.write = [&](std::string_view line) { lines.emplace_back(line); };
  configure_log(options);
  ASSERT_EQ(::setenv("XDG_RUNTIME_DIR", "relative", 1), 0);
  for (int i = 0; i < 2; ++i) {
    const auto folder = ClaimFolder::open();
    ASSERT_TRUE(folder.has_value()) << folder.error().message;
  }
  configure_log({});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("XDG_RUNTIME_DIR 'relative' is not an absolute path"), std::string::npos)
      << lines[0];
}

TEST(ClaimFolder, PassesRunDirectoriesOverThatAreNotThere) {
  const std::string run = new_folder();
  const std::string otherwise = new_folder() + "/penstock-0";
  EXPECT_EQ(ClaimFolder::open_among({"", "/nowhere/at/all", run}, otherwise).value().path(),
            run + "/penstock");
  EXPECT_EQ(ClaimFolder::open_among({"/nowhere/at/all", "relative"}, otherwise).value().path(),
            otherwise);
}

TEST(ClaimFolder, IsRefusedWhenItIsNotOurs) {
  const std::string open_to_all = new_folder();
  ASSERT_EQ(::chmod(open_to_all.c_str(), 0750), 0);
  EXPECT_EQ(ClaimFolder::open_at(open_to_all).error(),
            (Error{Errc::kUnavailable,
                   "folder of claims '" + open_to_all + "' is open to others: chmod 700 it"}));

  const std::string file = new_folder() + "/file";
  std::ofstream(file) << "x";
  EXPECT_NE(ClaimFolder::open_at(file).error().message.find("is no folder"), std::string::npos);

  const std::string link = new_folder() + "/link";
  ASSERT_EQ(::symlink(new_folder().c_str(), link.c_str()), 0);
  EXPECT_NE(ClaimFolder::open_at(link).error().message.find("is no folder"), std::string::npos);

  if (::geteuid() != 0) {
    EXPECT_NE(ClaimFolder::open_at("/usr").error().message.find("belongs to user 0"),
              std::string::npos);
  }
  EXPECT_NE(ClaimFolder::open_at("/nowhere/at/all").error().message.find("cannot make"),
            std::string::npos);
}

}  // namespace
}  // namespace penstock
