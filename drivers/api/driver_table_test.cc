#include "drivers/api/driver_table.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "drivers/api/driver_adapter.h"

namespace penstock {
namespace {

Result<std::unique_ptr<DriverBase>> make_none(DriverHost /*host*/,
                                              const DriverOptions& /*options*/) {
  return Error{Errc::kUnavailable, "not for use"};
}

PenstockDriverApi whole_table() {
  return make_driver_api<&make_none>("whole", "1");
}

TEST(DriverTable, IsAcceptedWhole) {
  EXPECT_TRUE(check_driver_table(whole_table()).has_value());
}

TEST(DriverTable, IsAcceptedAsVersionOneZeroHadIt) {
  PenstockDriverApi first = whole_table();
  first.size = offsetof(PenstockDriverApi, claim);
  first.abi_minor = 0;
  first.claim = nullptr;  // Beyond its end: not looked at.
  EXPECT_TRUE(check_driver_table(first).has_value());
  EXPECT_FALSE(has_function(first, &PenstockDriverApi::reset));
  EXPECT_TRUE(has_function(first, &PenstockDriverApi::metrics));
}

TEST(DriverTable, IsAcceptedWhenItEndsAmongWhatWasAdded) {
  PenstockDriverApi some = whole_table();
  some.size = offsetof(PenstockDriverApi, reset);
  EXPECT_TRUE(check_driver_table(some).has_value());
  EXPECT_TRUE(has_function(some, &PenstockDriverApi::configure));
  EXPECT_FALSE(has_function(some, &PenstockDriverApi::reset));
}

TEST(DriverTable, IsRefusedInAnotherMajorVersion) {
  PenstockDriverApi other = whole_table();
  other.abi_major = PENSTOCK_DRIVER_ABI_MAJOR + 1;
  other.name = nullptr;  // What another version means by it is not known.
  const Status status = check_driver_table(other);
  EXPECT_EQ(status.error(),
            (Error{Errc::kUnsupported,
                   "driver built for version 2 of the driver interface; this program has version "
                   "1"}));
}

TEST(DriverTable, IsRefusedWhenItIsShorterThanVersionOneZero) {
  PenstockDriverApi shorter = whole_table();
  shorter.size = offsetof(PenstockDriverApi, claim) - 1;
  EXPECT_EQ(check_driver_table(shorter).error().code, Errc::kUnsupported);
  EXPECT_NE(check_driver_table(shorter).error().message.find("151 bytes"), std::string::npos);
}

TEST(DriverTable, IsRefusedWithoutAFunctionNamingIt) {
  PenstockDriverApi holed = whole_table();
  holed.cancel = nullptr;
  EXPECT_EQ(check_driver_table(holed).error(),
            (Error{Errc::kCorrupt, "driver 'whole': its table has no function 'cancel'"}));

  PenstockDriverApi later = whole_table();
  later.deactivate = nullptr;
  EXPECT_NE(check_driver_table(later).error().message.find("'deactivate'"), std::string::npos);
}

TEST(DriverTable, IsRefusedWithoutAName) {
  PenstockDriverApi nameless = whole_table();
  nameless.name = "";
  EXPECT_EQ(check_driver_table(nameless).error().code, Errc::kCorrupt);
}

}  // namespace
}  // namespace penstock
