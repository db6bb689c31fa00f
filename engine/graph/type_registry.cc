#include "engine/graph/type_registry.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/graph/option_rules.h"

namespace penstock {
namespace {

template <class Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& entry : map) {
    keys.push_back(entry.first);
  }
  return keys;
}

template <class Port>
const Port* find_port(const std::vector<Port>& ports, std::string_view name) {
  const auto found =
      std::find_if(ports.begin(), ports.end(), [&](const Port& port) { return port.name == name; });
  return found == ports.end() ? nullptr : &*found;
}

}  // namespace

ActorType::ActorType(std::string name, std::string help)
    : name_(std::move(name)),
      help_(std::move(help)) {}

ActorType& ActorType::in(std::string port, PayloadSet needs) {
  inputs_.push_back(InPort{std::move(port), std::move(needs), false});
  return *this;
}

ActorType& ActorType::optional_in(std::string port, PayloadSet needs) {
  inputs_.push_back(InPort{std::move(port), std::move(needs), true});
  return *this;
}

ActorType& ActorType::any_in(PayloadSet needs) {
  any_input_ = InPort{"", std::move(needs), false};
  return *this;
}

ActorType& ActorType::out(std::string port, PayloadSet adds) {
  outputs_.push_back(OutPort{std::move(port), std::move(adds), false});
  return *this;
}

ActorType& ActorType::fresh_out(std::string port, PayloadSet adds) {
  outputs_.push_back(OutPort{std::move(port), std::move(adds), true});
  return *this;
}

ActorType& ActorType::option(Option option) {
  options_.push_back(std::move(option));
  return *this;
}

ActorType& ActorType::rule(OptionsRule rule) {
  rule_ = std::move(rule);
  return *this;
}

ActorType& ActorType::per_stream() {
  scope_ = Scope::kPerStream;
  return *this;
}

ActorType& ActorType::source(LiveRule live) {
  source_ = true;
  waits_ = true;
  live_ = std::move(live);
  return per_stream();
}

ActorType& ActorType::sink() {
  sink_ = true;
  waits_ = true;
  return *this;
}

ActorType& ActorType::waits() {
  waits_ = true;
  return *this;
}

ActorType& ActorType::join() {
  join_ = true;
  waits_ = true;
  return *this;
}

ActorType& ActorType::may_drop(DropRule rule) {
  may_drop_ = true;
  drops_ = std::move(rule);
  return *this;
}

ActorType& ActorType::holds(int frames) {
  holds_ = frames;
  return *this;
}

ActorType& ActorType::decoder(DecoderFit fit) {
  scope_ = Scope::kPerStream;
  PENSTOCK_CHECK(static_cast<bool>(fit)) << "decoder '" << name_ << "' has no rule of fit";
  fit_ = std::move(fit);
  return in("in", {payload::kTensors});
}

ActorType& ActorType::by_program() {
  by_program_ = true;
  return *this;
}

ActorType& ActorType::labels(std::vector<std::string> names) {
  labels_ = std::move(names);
  return *this;
}

ActorType& ActorType::runs_model() {
  runs_model_ = true;
  waits_ = true;
  return *this;
}

ActorType& ActorType::preprocesses() {
  scope_ = Scope::kPerStream;
  preprocesses_ = true;
  return *this;
}

const InPort* ActorType::find_input(std::string_view port) const {
  const InPort* found = find_port(inputs_, port);
  return found == nullptr && any_input_.has_value() ? &*any_input_ : found;
}

const OutPort* ActorType::find_output(std::string_view port) const {
  return find_port(outputs_, port);
}

TypeRegistry::TypeRegistry()
    : payloads_{payload::kImage,
                payload::kTensors,
                payload::kObjects,
                payload::kLabels,
                payload::kKeypoints,
                payload::kMasks,
                payload::kText,
                payload::kEmbeddings} {}

TypeRegistry& TypeRegistry::add(ActorType type) {
  const std::string name = type.name();
  check_option_rules(type.options(), "actor type '" + name + "'");
  for (const InPort& port : type.inputs()) {
    for (const std::string& need : port.needs) {
      PENSTOCK_CHECK(knows_payload(need)) << "type '" << name << "' needs unknown " << need;
    }
  }
  for (const OutPort& port : type.outputs()) {
    for (const std::string& added : port.adds) {
      PENSTOCK_CHECK(knows_payload(added)) << "type '" << name << "' adds unknown " << added;
    }
  }
  PENSTOCK_CHECK(!type.is_source() || type.inputs().empty()) << "source '" << name << "'";
  PENSTOCK_CHECK(!type.is_sink() || type.outputs().empty()) << "sink '" << name << "'";
  PENSTOCK_CHECK(type.is_sink() || !type.outputs().empty()) << "'" << name << "' has no output";
  PENSTOCK_CHECK(type.is_source() || !type.inputs().empty() || type.takes_any_input())
      << "'" << name << "' has no input";
  PENSTOCK_CHECK(!type.does_preprocess() || preprocessor() == nullptr)
      << "'" << name << "' is a second type for preprocess:";
  const bool is_new = actors_.emplace(name, std::move(type)).second;
  PENSTOCK_CHECK(is_new) << "actor type '" << name << "' is registered twice";
  return *this;
}

TypeRegistry& TypeRegistry::add_device(DeviceType type) {
  const std::string name = type.name;
  check_option_rules(type.options, "device type '" + name + "'");
  const bool is_new = devices_.emplace(name, std::move(type)).second;
  PENSTOCK_CHECK(is_new) << "device type '" << name << "' is registered twice";
  return *this;
}

TypeRegistry& TypeRegistry::add_model_option(Option option) {
  model_options_.push_back(std::move(option));
  check_option_rules(model_options_, "models");
  return *this;
}

TypeRegistry& TypeRegistry::add_payload(std::string name) {
  payloads_.insert(std::move(name));
  return *this;
}

const ActorType* TypeRegistry::find(std::string_view name) const {
  const auto found = actors_.find(name);
  return found == actors_.end() ? nullptr : &found->second;
}

const DeviceType* TypeRegistry::find_device(std::string_view name) const {
  const auto found = devices_.find(name);
  return found == devices_.end() ? nullptr : &found->second;
}

const ActorType* TypeRegistry::preprocessor() const {
  const auto found = std::find_if(actors_.begin(), actors_.end(), [](const auto& entry) {
    return entry.second.does_preprocess();
  });
  return found == actors_.end() ? nullptr : &found->second;
}

bool TypeRegistry::knows_payload(std::string_view name) const {
  return payloads_.find(std::string(name)) != payloads_.end();
}

std::vector<std::string> TypeRegistry::actor_names() const {
  return keys_of(actors_);
}

std::vector<std::string> TypeRegistry::decoder_names() const {
  std::vector<std::string> names;
  for (const auto& [name, type] : actors_) {
    if (type.is_decoder()) {
      names.push_back(name);
    }
  }
  return names;
}

std::vector<std::string> TypeRegistry::device_names() const {
  return keys_of(devices_);
}

}  // namespace penstock
