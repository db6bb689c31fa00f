#include "tools/compose/model_loader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/base/check.h"
#include "engine/run/inference_chain.h"
#include "tools/compose/driver_options.h"
#include "tools/compose/package_terms.h"
#include "tools/compose/placement_facts.h"
#include "tools/compose/schedule_terms.h"
#include "tools/compose/shared_packages.h"

namespace penstock {
namespace {

std::vector<std::string> devices_of(const ActorSpec& actor) {
  return actor.devices.empty() ? std::vector<std::string>{actor.device} : actor.devices;
}

DeviceCapacity capacity_of(const DeviceInfo& info) {
  DeviceCapacity capacity;
  capacity.sub_devices =
      static_cast<std::uint32_t>(std::max<std::size_t>(1, info.sub_devices.size()));
  for (const SubDeviceInfo& sub_device : info.sub_devices) {
    capacity.memory_per_sub_device =
        std::max(capacity.memory_per_sub_device, sub_device.memory_bytes);
  }
  capacity.shared_memory = info.shared_memory_bytes;
  capacity.max_resident = info.max_resident;
  return capacity;
}

/// Returns what is different between two ports, or "".
std::string difference(const TensorSpec& first, const TensorSpec& second) {
  if (first.type != second.type) {
    return std::string(to_string(first.type)) + " and " + to_string(second.type);
  }
  return first.shape == second.shape ? std::string()
                                     : first.shape.to_string() + " and " + second.shape.to_string();
}

std::string client_name(const ActorSpec& actor) {
  return actor.part_of.empty() ? actor.name : actor.part_of;
}

/// Returns where service times are from, by device where that differs.
std::string service_time_text(const std::vector<std::pair<std::string, std::string>>& by_device) {
  const bool is_same = std::all_of(by_device.begin(), by_device.end(), [&](const auto& one) {
    return one.second == by_device.front().second;
  });
  std::string text;
  for (const auto& [identity, from] : by_device) {
    if (is_same) {
      return from;
    }
    text += (text.empty() ? "" : "; ") + from + " on " + identity;
  }
  return text;
}

/// One link of a model's chain, as the pool shall make it.
struct ChainWords {
  std::string name;
  DevicePool::BackendWords backend;
  std::vector<std::size_t> takes;
};

/// Returns what makes a backend of `links` of the pool, which has room for `slots` inferences.
BackendFactory backend_factory(DevicePool* pool,
                               std::vector<ChainWords> links,
                               std::uint32_t slots) {
  return [pool, links = std::move(links), slots](
             Doorbell bell) -> Result<std::unique_ptr<InferenceBackend>> {
    if (links.size() == 1) {
      return pool->make_backend(links.front().backend, bell);
    }
    std::vector<InferenceChain::Link> made;
    for (const ChainWords& link : links) {
      made.push_back({link.name, pool->make_backend(link.backend, bell), link.takes});
    }
    PENSTOCK_ASSIGN_OR_RETURN(std::unique_ptr<InferenceBackend> chain,
                              InferenceChain::create(std::move(made), slots));
    return chain;
  };
}

}  // namespace

Status ModelLoader::load_all(const GraphSpec& spec,
                             const std::function<void(const Loaded&)>& on_loaded) {
  PENSTOCK_RETURN_IF_ERROR(find_packages(spec));
  std::set<std::string> loaded;
  for (const ActorSpec& actor : spec.actors) {
    if (actor.model.empty()) {
      continue;
    }
    Entry& entry = entries_.at(actor.model);
    if (!loaded.insert(actor.model).second) {
      PENSTOCK_RETURN_IF_ERROR(load_model(spec, actor, entry));
      continue;
    }
    PENSTOCK_RETURN_IF_ERROR(load_first(spec, actor, entry));
    on_loaded(entry.loaded);
  }
  return {};
}

Status ModelLoader::find_packages(const GraphSpec& spec) {
  std::vector<Entry*> entries;
  std::vector<PackageUse> uses;
  std::map<std::string, std::size_t> places;
  for (const ActorSpec& actor : spec.actors) {
    if (actor.model.empty()) {
      continue;
    }
    const auto [place, is_new] = places.try_emplace(actor.model, entries.size());
    if (is_new) {
      const ModelSpec* model = spec.find_model(actor.model);
      PENSTOCK_CHECK(model != nullptr) << "checked graph, actor " << actor.name;
      Entry& entry = entries_[actor.model];
      if (const Status found = find_file(*model, entry); !found.has_value()) {
        return found.error().within("model '" + model->name + "'");
      }
      entries.push_back(&entry);
      uses.push_back({load_terms(*model, entry.file), {}});
    }
    const std::vector<std::string> devices = devices_of(actor);
    uses[place->second].devices.insert(devices.begin(), devices.end());
  }
  const std::vector<std::size_t> first = group_packages(uses);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i]->package = first[i] == i ? std::make_shared<Package>() : entries[first[i]]->package;
    entries[i]->package->names.push_back(entries[i]->spec.name);
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (first[i] == i) {
      const Entry& entry = *entries[i];
      entry.package->number = add_package(*entry.package, "", entry.file.hash, entry.spec.mode);
    }
  }
  return {};
}

PackageNumber ModelLoader::add_package(const Package& package,
                                       const std::string& word,
                                       const std::string& hash,
                                       const std::string& mode) {
  DevicePool::PackageWords words;
  for (const std::string& name : package.names) {
    words.names.push_back(word.empty() ? name : name + "." + word);
    words.name += (words.name.empty() ? "" : ", ") + words.names.back();
  }
  words.hash = hash;
  words.mode = mode;
  return parts_.pool->add_package(std::move(words));
}

Status ModelLoader::load_first(const GraphSpec& spec, const ActorSpec& actor, Entry& entry) {
  PENSTOCK_RETURN_IF_ERROR(load_model(spec, actor, entry));
  if (entry.file.has_host_graphs() && parts_.runs_host_graphs) {
    if (const Status graphs = load_host_graphs(spec, entry); !graphs.has_value()) {
      return graphs.error().within("model '" + entry.spec.name + "'");
    }
  }
  return {};
}

Status ModelLoader::find_file(const ModelSpec& model, Entry& entry) {
  entry.spec = model;
  entry.loaded.model = model.name;
  if (!model.file.empty()) {  // Else the device's options say what it takes and gives.
    PENSTOCK_ASSIGN_OR_RETURN(entry.file, files_.find(choice_of(model)));
  }
  return {};
}

Status ModelLoader::load_model(const GraphSpec& spec, const ActorSpec& actor, Entry& entry) {
  std::optional<Error> missing;
  bool is_somewhere = false;
  const std::vector<std::string> names = devices_of(actor);
  for (const std::string& name : names) {
    Status status = entry.depth.contains(name) ? Status() : load_on_named(spec, name, entry);
    if (status.has_value()) {
      is_somewhere = true;
      continue;
    }
    if (devices_.contains(name)) {
      return status;  // The device is there: it is the model that does not load.
    }
    missing = status.error();
    if (parts_.on_passed_over && names.size() > 1) {
      parts_.on_passed_over(*missing);
    }
  }
  if (!is_somewhere) {
    return *missing;
  }
  return {};
}

Status ModelLoader::load_on_named(const GraphSpec& spec, const std::string& device, Entry& entry) {
  const DeviceSpec* found = spec.find_device(device);
  PENSTOCK_CHECK(found != nullptr) << "checked graph, device " << device;
  return load_on(*found, entry);
}

Result<ModelLoader::DeviceEntry*> ModelLoader::device_of(const DeviceSpec& device) {
  if (const auto known = devices_.find(device.name); known != devices_.end()) {
    return &known->second;
  }
  PENSTOCK_ASSIGN_OR_RETURN(DeviceChoice choice, parts_.select(device));
  actors::DriverDevicePort::Words words;
  words.driver = choice.driver;
  words.identity = choice.info.identity;
  words.claims = parts_.claims;
  for (const std::uint32_t index : device.sub_devices) {
    words.claim |= SubDeviceMask{1} << index;
  }
  for (const PropertySetting& setting : device.properties) {
    words.settings.push_back({setting.name, setting.value, setting.sub_device});
  }
  auto port = actors::DriverDevicePort::connect(std::move(words));
  if (!port.has_value()) {
    return port.error().within("device '" + choice.info.identity + "'");
  }
  const DeviceInfo& info = (*port)->info();
  DevicePool::DeviceWords declared;
  declared.name = device.name;
  declared.identity = info.identity;
  declared.simulated = is_simulated(info.kind);
  declared.capacity = capacity_of(info);
  for (const SubDeviceInfo& sub_device : info.sub_devices) {
    declared.sub_devices.push_back(sub_device.name);
  }
  if (declared.sub_devices.empty()) {
    declared.sub_devices.emplace_back("0");
  }
  DeviceEntry entry;
  entry.driver = choice.driver;
  entry.port = port->get();
  entry.simulated = declared.simulated;
  declared.port = std::move(port).value();
  entry.number = parts_.pool->add_device(std::move(declared));
  return &devices_.emplace(device.name, entry).first->second;
}

Result<DriverOptions> ModelLoader::options_on(actors::DriverDevicePort& port,
                                              const DeviceSpec& device,
                                              const Entry& entry) {
  DriverOptions options = load_options(entry.spec, device, entry.file);
  const auto& variants = entry.file.network.variants;
  if (variants.empty() || variants.front().modes.empty()) {
    return options;
  }
  PENSTOCK_ASSIGN_OR_RETURN(
      LoadTerms terms,
      terms_of([&](const DriverOptions& some) { return port.explain(entry.file.path, some); },
               entry.file,
               std::move(options)));
  if (!terms.obstacles.empty()) {
    return Error{terms.obstacles.front().code, terms.obstacles.front().text};
  }
  return std::move(terms.options);
}

Result<std::shared_ptr<LoadedModel>> ModelLoader::load_once(DeviceEntry& on,
                                                            const DeviceSpec& device,
                                                            Entry& entry) {
  Package& package = *entry.package;
  if (const auto known = package.on.find(device.name); known != package.on.end()) {
    auto model = known->second.lock();
    PENSTOCK_CHECK(model != nullptr) << "the pool is not driven yet, '" << device.name << "'";
    return model;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const DriverOptions options, options_on(*on.port, device, entry));
  PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<LoadedModel> model,
                            on.port->load(package.number, entry.file.path, options));
  const ModelInfo& info = model->info();
  parts_.pool->place(
      {package.number,
       on.number,
       facts_of(on.port->placements(package.number), std::max(1U, info.preferred_requests)),
       !info.needs_activation,
       narrow(entry.spec.cores)});
  package.on[device.name] = model;
  if (const auto estimate = info.properties.find("estimate"); estimate != info.properties.end()) {
    package.service_times.emplace_back(on.port->info().identity, estimate->second);
  }
  return model;
}

Status ModelLoader::load_on(const DeviceSpec& device, Entry& entry) {
  const std::string where = "model '" + entry.spec.name + "'";
  auto found = device_of(device);
  if (!found.has_value()) {
    return found.error().within(where);
  }
  DeviceEntry& on = **found;
  auto loaded = load_once(on, device, entry);
  if (!loaded.has_value()) {
    return loaded.error().within(where + " on device '" + on.port->info().identity + "'");
  }
  const LoadedModel& model = **loaded;
  const ModelInfo& info = model.info();
  const std::vector<PlacementFacts> placements =
      facts_of(on.port->placements(entry.package->number), std::max(1U, info.preferred_requests));
  const std::uint32_t cores = narrow(entry.spec.cores);
  const std::uint32_t depth = depth_of(placements, cores);
  if (depth == 0) {
    return Error{Errc::kUnavailable,
                 where + " on device '" + on.port->info().identity + "': mode '" + info.mode +
                     "' takes " + std::to_string(narrowest(placements)) +
                     " cores, and `cores: " + std::to_string(cores) + "` allows no more"};
  }
  entry.depth[device.name] = depth;
  entry.needs_activation = entry.needs_activation || info.needs_activation;
  Loaded& book = entry.loaded;
  book.simulated = book.simulated || on.simulated;
  note_terms(info, on.port->info().identity, entry);
  if (!book.device.empty()) {
    if (const Status equal = check_equal(book, info, on.port->info().identity);
        !equal.has_value()) {
      return equal.error().within(where);
    }
    book.depth += depth;
    settle_requests(entry);
    return {};
  }
  describe(model, on.port->info().identity, entry);
  book.depth = depth;
  settle_requests(entry);
  parts_.pool->describe(entry.package->number, book.inputs, book.outputs, book.buckets);
  return {};
}

void ModelLoader::note_terms(const ModelInfo& info, const std::string& identity, Entry& entry) {
  if (const auto estimate = info.properties.find("estimate"); estimate != info.properties.end()) {
    entry.service_times.emplace_back(identity, estimate->second);
  }
  Loaded& book = entry.loaded;
  const auto calibrated = info.properties.find("calibrated");
  book.calibrated =
      book.calibrated || (calibrated != info.properties.end() && calibrated->second == "true");
  book.service_time = service_time_text(entry.service_times);
  if (book.device.empty()) {
    book.mode = info.mode;
  }
  const Package& package = *entry.package;
  parts_.pool->tell_terms(package.number, book.mode, service_time_text(package.service_times));
}

Status ModelLoader::check_equal(const Loaded& book,
                                const ModelInfo& info,
                                const std::string& identity) {
  for (std::size_t i = 0; i < std::min(info.inputs.size(), book.inputs.size()); ++i) {
    if (const auto text = difference(*book.inputs[i], info.inputs[i]); !text.empty()) {
      std::string message = "input '" + info.inputs[i].name + "' differs between devices '";
      message.append(book.device).append("' and '").append(identity).append("': ").append(text);
      return Error{Errc::kInvalidArgument, std::move(message)};
    }
  }
  if (info.buckets != book.buckets) {
    return Error{Errc::kInvalidArgument,
                 "it has other buckets on device '" + identity + "' than on '" + book.device + "'"};
  }
  return {};
}

void ModelLoader::describe(const LoadedModel& model, const std::string& identity, Entry& entry) {
  const ModelInfo& info = model.info();
  Loaded& book = entry.loaded;
  book.device = identity;
  book.from_cache = info.loaded_from_cache;
  book.properties = info.properties;
  for (std::size_t i = 0; i < info.inputs.size(); ++i) {
    book.inputs.push_back(model.input_spec(i));
  }
  for (std::size_t i = 0; i < info.outputs.size(); ++i) {
    book.outputs.push_back(model.output_spec(i));
  }
  book.buckets = info.buckets;
}

void ModelLoader::settle_requests(Entry& entry) {
  entry.loaded.requests = requests_of(entry.spec, entry.loaded.depth, entry.needs_activation);
}

const ModelLoader::Entry& ModelLoader::entry_of(const ActorSpec& actor) const {
  const auto found = entries_.find(actor.model);
  PENSTOCK_CHECK(found != entries_.end()) << "model '" << actor.model << "' was not loaded";
  return found->second;
}

const ModelLoader::Loaded& ModelLoader::at(const ActorSpec& actor) const {
  return entry_of(actor).loaded;
}

DevicePool::BackendWords ModelLoader::words_of(const ActorSpec& actor, const Entry& entry) {
  const ScheduleKnobs& knobs = entry.spec.knobs;
  DevicePool::BackendWords words;
  words.package = entry.package->number;
  for (const std::string& name : devices_of(actor)) {
    if (const auto known = devices_.find(name); known != devices_.end()) {
      words.devices.push_back(known->second.number);
    }
  }
  words.placement = placement_of(entry.spec.placement);
  words.failover = entry.spec.failover;
  words.knobs.frame_limit = narrow(knobs.frame_limit);
  words.knobs.time_limit = knobs.time_limit;
  words.knobs.linger = knobs.linger;
  words.knobs.min_frames = narrow(knobs.min_frames);
  words.knobs.max_wait = knobs.max_wait.has_value() ? Duration(*knobs.max_wait) : FlowKnobs::kOff;
  words.slots = slots_of(entry.spec, entry.loaded.requests);
  words.knobs.when_full = when_full_of(knobs.drop);
  words.knobs.ifmap_queue_size = queue_of(entry.spec, entry.loaded.depth);
  DevicePool::ClientWords client;
  client.name = client_name(actor);
  client.knobs = client_knobs(actor, knobs);
  client.knobs.ofmap_queue_size = outputs_of(entry.spec, entry.loaded.depth);
  client.knobs.smoothing = knobs.smoothing;
  client.knobs.fps_target = knobs.fps_target;
  words.client = parts_.pool->add_client(std::move(client));
  return words;
}

DevicePool::BackendWords ModelLoader::words_of(const ActorSpec& actor,
                                               const Entry& entry,
                                               const HostGraph& graph) {
  DevicePool::BackendWords words;
  words.package = graph.package;
  words.devices = {graph.device};
  words.slots = slots_of(entry.spec, entry.loaded.requests);
  words.knobs.ifmap_queue_size = frames_of(entry.spec, entry.loaded.requests);
  DevicePool::ClientWords client;
  client.name = client_name(actor) + "." + graph.word;
  client.knobs = client_knobs(actor, entry.spec.knobs);
  client.knobs.ofmap_queue_size = words.knobs.ifmap_queue_size;
  words.client = parts_.pool->add_client(std::move(client));
  return words;
}

std::vector<StationIntake::Share> ModelLoader::shares_of(const ActorSpec& actor,
                                                         const Plan& plan) const {
  const Entry& entry = entry_of(actor);
  std::vector<StationIntake::Share> shares(plan.streams.size());
  for (std::size_t i = 0; i < plan.streams.size(); ++i) {
    const auto flow = std::find_if(actor.flows.begin(), actor.flows.end(), [&](const auto& one) {
      return one.stream == plan.streams[i].name;
    });
    if (flow == actor.flows.end()) {
      continue;
    }
    double rivals = 0;
    for (const FlowSpec& other : actor.flows) {
      rivals += other.priority >= flow->priority ? other.weight : 0;
    }
    const auto part = static_cast<std::uint32_t>(entry.loaded.requests * (flow->weight / rivals));
    // A queue that drops holds nobody up, and would never be full else.
    shares[i].frames =
        does_drop(entry.spec) ? 0 : frames_of(entry.spec, std::max(entry.loaded.depth, part));
    shares[i].rank = static_cast<std::uint8_t>(class_of(flow->priority));
    shares[i].weight = flow->weight;
  }
  return shares;
}

BackendFactory ModelLoader::backend_of(const ActorSpec& actor, const Plan& plan) {
  const Entry& entry = entry_of(actor);
  std::map<StreamId, DevicePool::StreamWords> streams;
  for (std::size_t i = 0; i < plan.streams.size(); ++i) {
    for (const FlowSpec& flow : actor.flows) {
      if (flow.stream == plan.streams[i].name) {
        streams[StreamId{static_cast<std::uint32_t>(i)}] = {
            flow.stream, flow.weight, class_of(flow.priority)};
      }
    }
  }
  std::vector<ChainWords> links;
  const Package& package = *entry.package;
  links.push_back({"", words_of(actor, entry), package.joints.network_takes});
  if (package.before.has_value()) {
    links.insert(links.begin(),
                 {package.before->text, words_of(actor, entry, *package.before), {}});
  }
  if (package.after.has_value()) {
    links.push_back(
        {package.after->text, words_of(actor, entry, *package.after), package.joints.after_takes});
  }
  for (ChainWords& link : links) {
    link.backend.streams = streams;
  }
  return backend_factory(
      parts_.pool, std::move(links), slots_of(entry.spec, entry.loaded.requests));
}

}  // namespace penstock
