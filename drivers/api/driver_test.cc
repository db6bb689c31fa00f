#include "drivers/api/driver.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/driver_adapter.h"
#include "drivers/api/manual_host.h"

// The wrapper and the adapter against drivers that misbehave; ordinary use is in drivers/noop and
// drivers/conformance.
namespace penstock {
namespace {

class ThrowingDriver final : public DriverBase {
 public:
  static Result<std::unique_ptr<DriverBase>> create(DriverHost /*host*/,
                                                    const DriverOptions& options) {
    if (options.count("throw") != 0) {
      throw std::runtime_error("no such bus");
    }
    return std::unique_ptr<DriverBase>(std::make_unique<ThrowingDriver>());
  }

  Result<std::vector<DeviceInfo>> enumerate() override { throw 7; }

  Result<ModelInfo> inspect(const std::string& /*path*/) override {
    ModelInfo info;
    info.inputs.resize(1);
    info.inputs[0].name = "image";
    info.inputs[0].type = static_cast<ElementType>(99);
    return info;
  }

  Result<std::unique_ptr<DeviceBase>> open(const std::string& /*identity*/,
                                           Doorbell /*health_changed*/) override {
    throw std::runtime_error(std::string(2 * PENSTOCK_MESSAGE_BYTES, 'x'));
  }
};

const PenstockDriverApi kThrowing = make_driver_api<&ThrowingDriver::create>("throwing", "1");

TEST(Driver, TurnsWhatADriverThrowsIntoAnError) {
  auto host = std::make_shared<ManualHost>();
  const auto refused = Driver::create(kThrowing, host, {{"throw", "1"}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), (Error{Errc::kInternal, "driver 'throwing': no such bus"}));

  const Driver driver = Driver::create(kThrowing, host).value();
  EXPECT_EQ(driver.enumerate().error().code, Errc::kInternal);
}

TEST(Driver, RefusesAPortThatItCannotUnderstand) {
  const Driver driver = Driver::create(kThrowing, std::make_shared<ManualHost>()).value();
  const auto info = driver.inspect("x");
  ASSERT_FALSE(info.has_value());
  EXPECT_NE(info.error().message.find("port 'image'"), std::string::npos) << info.error().message;
}

TEST(Driver, RefusesATableThatItCannotWorkWith) {
  auto host = std::make_shared<ManualHost>();
  PenstockDriverApi other = kThrowing;
  other.abi_major = PENSTOCK_DRIVER_ABI_MAJOR + 1;
  EXPECT_EQ(Driver::create(other, host).error().code, Errc::kUnsupported);
}

TEST(Driver, AcceptsATableThatIsLongerThanItsOwn) {
  struct Longer {
    PenstockDriverApi api;
    void (*later)();
  };

  Longer table = {kThrowing, nullptr};
  table.api.size = sizeof(Longer);
  EXPECT_TRUE(Driver::create(table.api, std::make_shared<ManualHost>()).has_value());
}

TEST(AbiText, IsCutAtTheEndOfACharacter) {
  std::vector<char> buffer(6, '#');
  abi::copy_text("abcd\xC3\xA4", buffer.data(), buffer.size());
  EXPECT_STREQ(buffer.data(), "abcd");
  abi::copy_text("abc\xC3\xA4", buffer.data(), buffer.size());
  EXPECT_STREQ(buffer.data(), "abc\xC3\xA4");
}

TEST(AbiOptions, RefuseANameGivenTwice) {
  PenstockOption items[2] = {{sizeof(PenstockOption), 0, "a", "1"},
                             {sizeof(PenstockOption), 0, "a", "2"}};
  const PenstockOptions options{sizeof(PenstockOptions), 2, items};
  EXPECT_EQ(abi::options_from(&options).error().message, "option 'a' is given twice");
}

TEST(AbiOptions, AreWalkedByTheSizeTheirMakerGaveThem) {
  struct LongerOption {
    PenstockOption option;
    const char* later;
  };

  LongerOption items[2] = {{{sizeof(LongerOption), 0, "a", "1"}, "x"},
                           {{sizeof(LongerOption), 0, "b", "2"}, "y"}};
  const PenstockOptions options{sizeof(PenstockOptions), 2, &items[0].option};
  EXPECT_EQ(abi::options_from(&options).value(), (DriverOptions{{"a", "1"}, {"b", "2"}}));
}

}  // namespace
}  // namespace penstock
