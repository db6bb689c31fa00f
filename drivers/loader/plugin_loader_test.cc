#include "drivers/loader/plugin_loader.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "drivers/api/driver.h"
#include "drivers/api/manual_host.h"
#include "drivers/loader/plugin_probe.h"

namespace penstock {
namespace {

const std::string kNoop = "drivers/noop/libpenstock_noop.so";

std::string bad(const std::string& name) {
  return "drivers/loader/bad_" + name + ".so";
}

Error refusal(const std::string& path, Duration limit = std::chrono::seconds(20)) {
  const auto loaded = load_driver_plugin(path, limit);
  EXPECT_FALSE(loaded.has_value()) << path;
  // What was refused is not in this process.
  EXPECT_EQ(::dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD), nullptr) << path;
  return loaded.has_value() ? Error{Errc::kOk, ""} : loaded.error();
}

TEST(PluginLoader, LoadsADriverThatCanBeUsed) {
  const PenstockDriverApi* const table = load_driver_plugin(kNoop).value();
  Driver driver = Driver::create(*table, std::make_shared<ManualHost>()).value();
  EXPECT_EQ(driver.name(), "noop_plugin");
  EXPECT_TRUE(driver.open("noop:0").has_value());
}

TEST(PluginLoader, LoadsALibraryOnce) {
  EXPECT_EQ(load_driver_plugin(kNoop).value(), load_driver_plugin(kNoop).value());
}

TEST(PluginLoader, RefusesAFileThatIsNotThere) {
  EXPECT_EQ(refusal("/nowhere/libx.so"),
            (Error{Errc::kNotFound, "plug-in '/nowhere/libx.so': No such file or directory"}));
}

TEST(PluginLoader, RefusesANameWithoutAFolder) {
  EXPECT_EQ(refusal("libx.so").code, Errc::kInvalidArgument);
}

TEST(PluginLoader, RefusesAFileThatIsNoSharedObject) {
  const std::string path = ::testing::TempDir() + "text.so";
  std::ofstream(path) << "not a library\n";
  EXPECT_EQ(
      refusal(path),
      (Error{Errc::kCorrupt,
             "plug-in '" + path + "': it is no shared object (ELF file), or cannot be read"}));
  std::ofstream(path, std::ios::trunc) << "";
  EXPECT_EQ(refusal(path).code, Errc::kCorrupt);
}

TEST(PluginLoader, RefusesASharedObjectThatIsCutShort) {
  const std::string path = ::testing::TempDir() + "cut.so";
  std::ifstream whole(kNoop, std::ios::binary);
  std::string head(512, '\0');
  whole.read(head.data(), static_cast<std::streamsize>(head.size()));
  std::ofstream(path, std::ios::binary) << head;
  // The linker itself crashes on some cuts and refuses others: both end in the child.
  const Error error = refusal(path);
  EXPECT_NE(error.message.find("plug-in '" + path + "': "), std::string::npos) << error.message;
}

TEST(PluginLoader, RefusesALibraryWithoutTheEntry) {
  EXPECT_EQ(refusal(bad("no_entry")),
            (Error{Errc::kUnsupported,
                   "plug-in 'drivers/loader/bad_no_entry.so': no driver of Penstock: it has no "
                   "symbol 'penstock_driver_entry'"}));
}

TEST(PluginLoader, RefusesAnEntryThatReturnsNoTable) {
  EXPECT_EQ(refusal(bad("null_entry")),
            (Error{Errc::kUnsupported,
                   "plug-in 'drivers/loader/bad_null_entry.so': 'penstock_driver_entry' returned "
                   "NULL: it cannot work with version 1 of the driver interface"}));
}

TEST(PluginLoader, RefusesAnotherMajorVersion) {
  EXPECT_EQ(refusal(bad("other_major")),
            (Error{Errc::kUnsupported,
                   "plug-in 'drivers/loader/bad_other_major.so': driver built for version 2 of the "
                   "driver interface; this program has version 1"}));
}

TEST(PluginLoader, RefusesATableThatIsTooShortOrHasHoles) {
  const Error shorter = refusal(bad("short_table"));
  EXPECT_EQ(shorter.code, Errc::kUnsupported);
  EXPECT_NE(shorter.message.find("100 bytes"), std::string::npos) << shorter.message;

  const Error holed = refusal(bad("no_functions"));
  EXPECT_EQ(holed.code, Errc::kCorrupt);
  EXPECT_NE(holed.message.find("has no function 'create'"), std::string::npos) << holed.message;
}

TEST(PluginLoader, RefusesWhatTheLinkerCannotResolve) {
  const Error error = refusal(bad("undefined_symbol"));
  EXPECT_EQ(error.code, Errc::kUnavailable);
  EXPECT_NE(error.message.find("nowhere_defined"), std::string::npos) << error.message;
}

TEST(PluginLoader, SurvivesACrashAtLoad) {
  EXPECT_EQ(refusal(bad("crash_at_load")),
            (Error{Errc::kInternal,
                   "plug-in 'drivers/loader/bad_crash_at_load.so': it crashed (Segmentation fault) "
                   "while it was loaded"}));
}

TEST(PluginLoader, SurvivesACrashInTheEntry) {
  EXPECT_EQ(refusal(bad("crash_in_entry")),
            (Error{Errc::kInternal,
                   "plug-in 'drivers/loader/bad_crash_in_entry.so': it crashed (Aborted) in "
                   "'penstock_driver_entry'"}));
}

TEST(PluginLoader, SurvivesATableThatIsNone) {
  const Error error = refusal(bad("garbage_table"));
  EXPECT_EQ(error.code, Errc::kInternal);
  EXPECT_NE(error.message.find("while its table was read"), std::string::npos) << error.message;
}

TEST(PluginLoader, SurvivesALibraryThatEndsItsProcess) {
  const Error error = refusal(bad("exit_at_load"));
  EXPECT_EQ(error.code, Errc::kInternal);
  EXPECT_NE(error.message.find("(exit code 3) while it was loaded"), std::string::npos)
      << error.message;
}

TEST(PluginLoader, SurvivesAHangAtLoad) {
  EXPECT_EQ(refusal(bad("hang_at_load"), std::chrono::milliseconds(300)),
            (Error{Errc::kDeadlineExceeded,
                   "plug-in 'drivers/loader/bad_hang_at_load.so': it did not come back within 300 "
                   "ms while it was loaded"}));
}

TEST(PluginLoader, SurvivesAHangInTheEntry) {
  const Error error = refusal(bad("hang_in_entry"), std::chrono::milliseconds(300));
  EXPECT_EQ(error.code, Errc::kDeadlineExceeded);
  EXPECT_NE(error.message.find("in 'penstock_driver_entry'"), std::string::npos) << error.message;
}

TEST(PluginLoader, LeavesNoChildBehind) {
  refusal(bad("hang_at_load"), std::chrono::milliseconds(100));
  refusal(bad("crash_at_load"));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(PluginProbe, WorksWhileOtherThreadsAllocate) {
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) {
      const auto memory = std::make_unique<std::string>(1000, 'x');
      stop = stop || memory->empty();
    }
  });
  for (int i = 0; i < 20; ++i) {
    const Status status = probe_driver_plugin(kNoop, std::chrono::seconds(20));
    EXPECT_TRUE(status.has_value()) << status.error().message;
  }
  stop = true;
  busy.join();
}

}  // namespace
}  // namespace penstock
