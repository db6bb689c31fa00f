#include "engine/graph/option_rules.h"

#include <algorithm>
#include <set>

#include "engine/base/check.h"
#include "engine/graph/option_checker.h"

namespace penstock {
namespace {

void check_rules(const std::vector<Option>& options, const std::string& owner) {
  std::set<std::string> seen;
  for (const Option& option : options) {
    const std::string& name = option.name();
    PENSTOCK_CHECK(is_name(name)) << owner << ": '" << name << "' is not a name";
    PENSTOCK_CHECK(!option.help().empty()) << owner << ": option '" << name << "' has no help";
    PENSTOCK_CHECK(seen.insert(name).second) << owner << ": option '" << name << "' twice";
    PENSTOCK_CHECK(!option.is_required() || !option.default_yaml().has_value())
        << owner << ": option '" << name << "' is required and has a default";
    if (option.default_yaml().has_value()) {
      default_of(option);
    }
    check_rules(option.fields(), owner + " '" + name + "'");
  }
}

}  // namespace

const std::vector<std::string>& reserved_words() {
  static const std::vector<std::string> kWords = {"type",
                                                  "in",
                                                  "host",
                                                  "device",
                                                  "executor",
                                                  "priority",
                                                  "deadline",
                                                  "restart",
                                                  "scope",
                                                  "weight",
                                                  "log"};
  return kWords;
}

void check_option_rules(const std::vector<Option>& options, const std::string& owner) {
  const std::vector<std::string>& reserved = reserved_words();
  for (const Option& option : options) {
    PENSTOCK_CHECK(std::find(reserved.begin(), reserved.end(), option.name()) == reserved.end())
        << owner << ": '" << option.name() << "' is a word of the framework";
  }
  check_rules(options, owner);
}

}  // namespace penstock
