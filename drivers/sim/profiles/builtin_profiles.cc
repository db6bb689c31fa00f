#include "drivers/sim/profiles/builtin_profiles.h"

#include "drivers/sim/profiles/builtin_texts.h"
#include "drivers/sim/profiles/profile_reader.h"
#include "engine/yaml/source_text.h"

namespace penstock::sim {

const std::vector<std::string>& builtin_profile_names() {
  static const std::vector<std::string> kNames = {"mx3", "metis", "aries"};
  return kNames;
}

std::string_view builtin_profile_text(std::string_view name) {
  if (name == "mx3") {
    return kTextOfMx3;
  }
  if (name == "metis") {
    return kTextOfMetis;
  }
  return name == "aries" ? std::string_view(kTextOfAries) : std::string_view();
}

Result<Profile> find_profile(const std::string& word) {
  if (const std::string_view text = builtin_profile_text(word); !text.empty()) {
    return parse_profile(SourceText(word + ".yaml (built in)", std::string(text)));
  }
  const std::string suffix = ".yaml";
  const bool is_file = word.find('/') != std::string::npos ||
                       (word.size() > suffix.size() &&
                        word.compare(word.size() - suffix.size(), suffix.size(), suffix) == 0);
  if (!is_file) {
    return Error{Errc::kNotFound,
                 "no simulated device '" + word +
                     "'; there are mx3, metis, aries, and files that end in .yaml"};
  }
  return load_profile(word);
}

}  // namespace penstock::sim
