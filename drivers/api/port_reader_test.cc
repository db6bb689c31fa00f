#include "drivers/api/port_reader.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(PortReader, ReadsPortsWithAndWithoutLayout) {
  const DriverOptions options{{"inputs", "image:u8:1x4x4x3:NHWC, size:i32:2"}};
  OptionReader reader(options);
  const auto ports = read_ports(reader, "inputs", "");
  ASSERT_EQ(ports.size(), 2U);
  EXPECT_EQ(ports[0].name, "image");
  EXPECT_EQ(ports[0].type, ElementType::kU8);
  EXPECT_EQ(ports[0].shape, (Shape{1, 4, 4, 3}));
  EXPECT_EQ(ports[0].layout, "NHWC");
  EXPECT_EQ(ports[1].shape, Shape{2});
  EXPECT_EQ(ports[1].layout, "");
  EXPECT_TRUE(reader.finish().has_value());
}

TEST(PortReader, TakesTheOtherTextWhereTheOptionIsMissing) {
  const DriverOptions options;
  OptionReader reader(options);
  const auto ports = read_ports(reader, "outputs", "scores:f32:1x10");
  ASSERT_EQ(ports.size(), 1U);
  EXPECT_EQ(ports[0].name, "scores");
}

TEST(PortReader, RejectsEveryOtherForm) {
  for (const char* text :
       {"image", "image:u8", "image:u9:1", ":u8:1", "image:u8:1x", "a:u8:1:N:x"}) {
    const DriverOptions options{{"inputs", text}};
    OptionReader reader(options);
    EXPECT_TRUE(read_ports(reader, "inputs", "").empty()) << text;
    const Status status = reader.finish();
    ASSERT_FALSE(status.has_value()) << text;
    EXPECT_NE(status.error().message.find("name:type:shape"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace penstock
