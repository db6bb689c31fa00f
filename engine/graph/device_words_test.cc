// What the language says of devices, of models on them and of the scheduler: the values that come
// out, and each thing that can be wrong, with its exact place.

#include <gtest/gtest.h>

#include "engine/graph/graph_checker.h"
#include "engine/graph/graph_test_kit.h"

namespace penstock {
namespace {

using Places = std::vector<std::string>;

/// `devices` of the simulated device on line 1, words of the model on line 2, a live camera with
/// one stream on line 4, what runs the model on line 5, a sink.
std::string graph(const std::string& device,
                  const std::string& model,
                  const std::string& actor = "") {
  return "devices: {sim0: {type: sim" + device + "}}\nmodels: {m: {file: models/yolov8n.onnx" +
         model +
         "}}\nactors:\n  cam: {type: video_source, uri: \"rtsp://h/a\"}\n"
         "  d: {type: infer, model: m, in: cam" +
         actor + "}\n  log: {type: jsonl_sink, in: d, path: a}\n";
}

std::string on_sim(const std::string& device, const std::string& model = "") {
  return graph(device, ", device: sim0" + model);
}

GraphSpec spec_of(GraphTestKit& kit, const std::string& text) {
  CheckedGraph checked = kit.check(text);
  EXPECT_EQ(places_of(checked.diagnostics), Places()) << kit.message(text);
  return checked.spec.has_value() ? *checked.spec : GraphSpec();
}

TEST(DeviceWords, ReadAllThatADeviceSays) {
  GraphTestKit kit;
  const GraphSpec spec = spec_of(
      kit,
      on_sim(", id: metis-0, profile: metis, properties: {clock: 400, mvm_limit: {0: 50, 3: 70}}, "
             "sub_devices: [2, 0]"));
  const DeviceSpec& device = *spec.find_device("sim0");
  EXPECT_EQ(device.id, "metis-0");
  EXPECT_EQ(device.profile, "metis");
  EXPECT_EQ(device.sub_devices, (std::vector<std::uint32_t>{0, 2}));
  ASSERT_EQ(device.properties.size(), 3U);
  EXPECT_EQ(device.properties[0].name, "clock");
  EXPECT_EQ(device.properties[0].value, "400");
  EXPECT_EQ(device.properties[0].sub_device, -1);
  EXPECT_EQ(device.properties[2].name, "mvm_limit");
  EXPECT_EQ(device.properties[2].value, "70");
  EXPECT_EQ(device.properties[2].sub_device, 3);
}

TEST(DeviceWords, FindProfilesInFilesBesideTheGraph) {
  GraphTestKit kit;
  EXPECT_EQ(spec_of(kit, on_sim(", profile: profiles/mine.yaml")).find_device("sim0")->profile,
            "profiles/mine.yaml");
  EXPECT_EQ(kit.places(on_sim(", profile: profiles/no.yaml")), Places({"E018 1:38"}));
}

TEST(DeviceWords, RefuseProfilesThatThereAreNot) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places(on_sim(", profile: mtis")), Places({"E060 1:38"}));
  EXPECT_EQ(kit.message(on_sim(", profile: mtis")),
            "no profile 'mtis'; it wants one of mx3, metis, or a file; did you mean 'metis'?");
}

TEST(DeviceWords, RefuseSubDevicesThatMakeNoSense) {
  GraphTestKit kit;
  kit.asks_devices = true;
  EXPECT_EQ(kit.places(on_sim(", sub_devices: []")), Places({"E013 1:42"}));
  EXPECT_EQ(kit.places(on_sim(", sub_devices: [1, 1]")), Places({"E002 1:46"}));
  EXPECT_EQ(kit.places(on_sim(", sub_devices: [0, 64]")), Places({"E013 1:46"}));
  EXPECT_EQ(kit.places(on_sim(", sub_devices: [0, 4]")), Places({"E013 1:42"}));
  EXPECT_EQ(kit.message(on_sim(", sub_devices: [0, 4]")),
            "'sub_devices' names 4; device 'metis-0' has 4, counted from 0");
}

TEST(DeviceWords, CountTheCoresThatTheEntryClaims) {
  GraphTestKit kit;
  kit.asks_devices = true;
  EXPECT_EQ(kit.places(on_sim(", sub_devices: [3, 1]", ", cores: 2")), Places());
  EXPECT_EQ(kit.message(on_sim(", sub_devices: [3, 1]", ", cores: 3")),
            "model 'm' takes 3 cores; 'sub_devices' of device 'metis-0' allows 2");
  EXPECT_EQ(kit.message(on_sim("", ", cores: 5")),
            "model 'm' takes 5 cores; device 'metis-0' has 4");
}

TEST(DeviceWords, PointAtTheClaimThatAModeDoesNotFitIn) {
  GraphTestKit kit;
  kit.asks_devices = true;
  kit.devices.reasons["m on sim0"] = {{LoadReason::Kind::kLimit, "sub_devices", "too few"}};
  EXPECT_EQ(kit.places(on_sim(", sub_devices: [3, 1]")), Places({"E061 1:42"}));
  EXPECT_EQ(kit.places(on_sim(", sub_devices: [0, 4]")), Places({"E013 1:42"}))
      << "what would run on a wrong claim is not known";
}

TEST(DeviceWords, RefusePropertiesThatTheDeviceHasNot) {
  GraphTestKit kit;
  kit.asks_devices = true;
  EXPECT_EQ(kit.places(on_sim(", properties: {clok: 400}")), Places({"E010 1:42"}));
  EXPECT_EQ(kit.message(on_sim(", properties: {clok: 400}")),
            "device 'metis-0' has no property 'clok'; did you mean 'clock'?");
  EXPECT_EQ(kit.places(on_sim(", properties: {temperature: 40}")), Places({"E010 1:42"}));
  EXPECT_EQ(kit.message(on_sim(", properties: {temperature: 40}")),
            "property 'temperature' of device 'metis-0' can only be read; one of clock, mvm_limit");
}

TEST(DeviceWords, SayThatAMapIsEmpty) {
  GraphTestKit kit;
  EXPECT_EQ(kit.message(on_sim(", properties: {}")),
            "'properties' is empty; it wants a map of names");
}

TEST(DeviceWords, ChooseADriverAndSayWhatItTakes) {
  GraphTestKit kit;
  const GraphSpec spec =
      spec_of(kit, on_sim(", driver: mine, options: {core.mask: 3}", ", options: {compile: fast}"));
  const DeviceSpec& device = *spec.find_device("sim0");
  EXPECT_EQ(device.driver, "mine");
  EXPECT_EQ(device.options.get_object("options").get_text("core.mask"), "3");
  EXPECT_EQ(spec.find_model("m")->options.get_object("options").get_text("compile"), "fast");
  EXPECT_EQ(spec_of(kit, on_sim("")).find_device("sim0")->driver, "");
}

TEST(DeviceWords, RefuseDriversThatThereAreNot) {
  GraphTestKit kit;
  kit.asks_devices = true;
  kit.devices.driver_names = {"openvino", "mine"};
  EXPECT_EQ(kit.places(on_sim(", driver: mine")), Places());
  EXPECT_EQ(kit.places(on_sim(", driver: yours")), Places({"E060 1:37"}));
  EXPECT_EQ(kit.message(on_sim(", driver: yours")),
            "device 'sim0': no driver 'yours'; there are 'openvino', 'mine'; a plug-in is loaded "
            "with --driver FILE");
  EXPECT_EQ(kit.message(on_sim(", driver: mien")),
            "device 'sim0': no driver 'mien'; there are 'openvino', 'mine'; did you mean 'mine'?");
  // Another device of the list is there.
  EXPECT_TRUE(kit.check(graph(", driver: yours", ", device: [sim0, cpu]")).spec.has_value());
}

TEST(DeviceWords, PlaceWhatADriverSaysOfItsOptions) {
  GraphTestKit kit;
  kit.asks_devices = true;
  kit.devices.reasons["m on sim0"] = {{LoadReason::Kind::kNotBuilt, "speed", "too fast"}};
  EXPECT_EQ(kit.places(on_sim(", options: {speed: 9}")), Places({"E060 1:39"}));
  EXPECT_EQ(kit.places(on_sim(", options: {speed: 9}", ", options: {speed: 8}")),
            Places({"E060 2:65"}))
      << "the model's holds";
}

TEST(DeviceWords, RefuseAnOptionThatIsWrittenTwice) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places(on_sim(", latency: 1ms, options: {latency: 2ms}")), Places({"E002 1:53"}));
  EXPECT_EQ(kit.places(on_sim(", options: {latency: 2ms}")), Places());
  EXPECT_EQ(kit.places(on_sim(", options: fast")), Places({"E012 1:38"}));
}

TEST(DeviceWords, RefuseValuesThatAPropertyCannotHave) {
  GraphTestKit kit;
  kit.asks_devices = true;
  EXPECT_EQ(kit.places(on_sim(", properties: {clock: 500}")), Places({"E014 1:49"}));
  EXPECT_EQ(kit.places(on_sim(", properties: {mvm_limit: 101}")), Places({"E013 1:53"}));
  EXPECT_EQ(kit.message(on_sim(", properties: {mvm_limit: 101}")),
            "'mvm_limit' is '101'; it wants 1 to 100 percent");
  EXPECT_EQ(kit.places(on_sim(", properties: {mvm_limit: half}")), Places({"E012 1:53"}));
  EXPECT_EQ(kit.places(on_sim(", properties: {mvm_limit: {7: 50}}")), Places({"E013 1:57"}));
  EXPECT_EQ(kit.places(on_sim(", properties: {clock: {0: 400}}")), Places({"E012 1:53"}));
  EXPECT_EQ(kit.places(on_sim(", properties: {mvm_limit: {a: 50}}")), Places({"E012 1:54"}));
  EXPECT_EQ(kit.places(on_sim(", properties: {mvm_limit: {99: 50}}")), Places({"E013 1:54"}));
  EXPECT_EQ(kit.places(on_sim(", properties: [1]")), Places({"E012 1:41"}));
}

TEST(DeviceWords, NameTheDevicesOfAModelInOrderOfPreference) {
  GraphTestKit kit;
  const GraphSpec spec = spec_of(
      kit, graph("", ", device: [sim0, cpu], placement: least_loaded, failover: true, cores: 2"));
  const ModelSpec& model = *spec.find_model("m");
  EXPECT_EQ(model.devices, (std::vector<std::string>{"sim0", "cpu"}));
  EXPECT_EQ(model.device, "sim0") << "for those who know one device only";
  EXPECT_EQ(model.placement, Placement::kLeastLoaded);
  EXPECT_TRUE(model.failover);
  EXPECT_EQ(model.mode, "auto");
  EXPECT_EQ(model.cores, 2);
  const ActorSpec& actor = *spec.find_actor("d.infer");
  EXPECT_EQ(actor.devices, model.devices);
  EXPECT_EQ(actor.device, "sim0");
}

TEST(DeviceWords, LetAnActorChooseItsDevice) {
  GraphTestKit kit;
  const GraphSpec spec = spec_of(kit, graph("", ", device: [sim0, cpu]", ", device: cpu"));
  EXPECT_EQ(spec.find_actor("d.infer")->devices, (std::vector<std::string>{"cpu"}));
}

TEST(DeviceWords, RefuseDevicesOfAListThatThereAreNot) {
  GraphTestKit kit;
  const std::string text = graph("", ", device: [sim0, sm0]");
  EXPECT_EQ(kit.places(text), Places({"E033 2:56"}));
  EXPECT_EQ(kit.message(text), "no device 'sm0'; did you mean 'sim0'?");
  EXPECT_EQ(kit.places(graph("", ", device: [sim0, cpu, sim0]")), Places({"E002 2:61"}));
  EXPECT_EQ(kit.places(graph("", ", device: [sim0], placement: random")), Places({"E014 2:68"}));
}

TEST(DeviceWords, GiveTheKnobsTheirDefaults) {
  GraphTestKit kit;
  const GraphSpec spec = spec_of(kit, on_sim(""));
  EXPECT_EQ(spec.find_model("m")->knobs, ScheduleKnobs());
  EXPECT_EQ(spec.scheduler, SchedulerWords());
}

TEST(DeviceWords, ReadEveryKnob) {
  GraphTestKit kit;
  const GraphSpec spec = spec_of(
      kit,
      "scheduler: {swap_share: 0.1, job_limit: 3s, change_limit: 20s, retries: 1, history: 64, "
      "load_tries: 7, reset_tries: 9}\n" +
          on_sim("",
                 ", frame_limit: 10, time_limit: 5ms, linger: 1s, min_frames: 2, max_wait: 1s, "
                 "ifmap_queue_size: 8, ofmap_queue_size: 4, smoothing: true, fps_target: 30, "
                 "priority: high, weight: 2.5"));
  const ScheduleKnobs& knobs = spec.find_model("m")->knobs;
  EXPECT_EQ(knobs.frame_limit, 10);
  EXPECT_EQ(knobs.time_limit, std::chrono::milliseconds(5));
  EXPECT_EQ(knobs.linger, std::chrono::seconds(1));
  EXPECT_EQ(knobs.min_frames, 2);
  EXPECT_EQ(knobs.max_wait, std::chrono::seconds(1));
  EXPECT_EQ(knobs.ifmap_queue_size, 8);
  EXPECT_EQ(knobs.drop, DropPolicy::kNone);
  EXPECT_EQ(knobs.ofmap_queue_size, 4);
  EXPECT_TRUE(knobs.smoothing);
  EXPECT_DOUBLE_EQ(knobs.fps_target, 30);
  EXPECT_EQ(knobs.job_limit, std::chrono::seconds(3)) << "of 'scheduler', as the model says none";
  EXPECT_EQ(knobs.priority, Priority::kHigh);
  EXPECT_DOUBLE_EQ(knobs.weight, 2.5);
  EXPECT_DOUBLE_EQ(spec.scheduler.swap_share, 0.1);
  EXPECT_EQ(spec.scheduler.retries, 1);
  EXPECT_EQ(spec.scheduler.load_tries, 7);
  EXPECT_EQ(spec.scheduler.reset_tries, 9);
  EXPECT_EQ(spec.scheduler.change_limit, std::chrono::seconds(20));
  EXPECT_EQ(spec.scheduler.history, 64);
}

TEST(DeviceWords, RefuseKnobsOutOfRange) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places("scheduler: {swap_share: 1.5}\n" + on_sim("")), Places({"E013 1:25"}));
  EXPECT_EQ(kit.places("scheduler: {swap_share: 0}\n" + on_sim("")), Places({"E013 1:25"}))
      << "a share of nothing: the second model would never run";
  EXPECT_EQ(kit.places("scheduler: {swap_share: 0.0001}\n" + on_sim("")), Places({"E013 1:25"}));
  EXPECT_EQ(kit.places("scheduler: {swap_share: 0.001}\n" + on_sim("")), Places());
  EXPECT_EQ(kit.places("scheduler: {swap_share: 1}\n" + on_sim("")), Places());
  EXPECT_EQ(kit.places("scheduler: {swap_shre: 0.5}\n" + on_sim("")), Places({"E010 1:13"}));
  EXPECT_EQ(kit.places(on_sim("", ", weight: 0")), Places({"E013 2:63"}));
  EXPECT_EQ(kit.places(on_sim("", ", linger: 5")), Places({"E012 2:63"}));
  EXPECT_EQ(kit.places(on_sim("", ", priority: urgent")), Places({"E014 2:65"}));
  EXPECT_EQ(kit.places(on_sim("", ", frame_limit: 0")), Places({"E013 2:68"}));
  EXPECT_EQ(kit.places(on_sim("", ", drop: reject")), Places({"E014 2:61"}));
}

TEST(DeviceWords, WarnWhenNothingBoundsTheWait) {
  GraphTestKit kit;
  const CheckedGraph checked = kit.check(on_sim("", ", max_wait: off"));
  EXPECT_EQ(places_of(checked.diagnostics), Places({"E056 2:65"}));
  ASSERT_TRUE(checked.spec.has_value());
  EXPECT_EQ(checked.spec->find_model("m")->knobs.max_wait, std::nullopt);
}

/// Two streams of which the source says something, and a model that says something else.
std::string two_streams(const std::string& source, const std::string& actor) {
  return "models: {m: {file: models/yolov8n.onnx, device: cpu, weight: 5}}\n"
         "actors:\n  cam: {type: video_source, streams: {gate: {uri: \"rtsp://a\"}, "
         "yard: {uri: \"rtsp://b\"}}" +
         source + "}\n  d: {type: infer, model: m, in: cam" + actor +
         "}\n  log: {type: jsonl_sink, in: d, path: \"$(stream)\"}\n";
}

TEST(DeviceWords, WeighStreamsByActorThenSourceThenModel) {
  GraphTestKit kit;
  const auto flows = [&](const std::string& source, const std::string& actor) {
    return spec_of(kit, two_streams(source, actor)).find_actor("d.infer")->flows;
  };
  using Flows = std::vector<FlowSpec>;
  EXPECT_EQ(flows("", ""), (Flows{{"gate", Priority::kNormal, 5}, {"yard", Priority::kNormal, 5}}));
  EXPECT_EQ(flows(", weight: {gate: 3}, priority: low", ""),
            (Flows{{"gate", Priority::kLow, 3}, {"yard", Priority::kLow, 5}}));
  EXPECT_EQ(flows(", weight: {gate: 3}", ", weight: {yard: 2}, priority: high"),
            (Flows{{"gate", Priority::kHigh, 3}, {"yard", Priority::kHigh, 2}}));
  EXPECT_EQ(flows(", weight: {gate: 3}", ", weight: 7"),
            (Flows{{"gate", Priority::kNormal, 7}, {"yard", Priority::kNormal, 7}}));
}

TEST(DeviceWords, RefuseWeightsOfStreamsThatDoNotPass) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places(two_streams(", weight: {gat: 3}", "")), Places({"E033 3:99"}));
  EXPECT_EQ(kit.message(two_streams("", ", weight: {yrd: 3}")),
            "no stream 'yrd' passes actor 'd'; did you mean 'yard'?");
  EXPECT_EQ(kit.places(two_streams(", weight: {gate: 0}", "")), Places({"E013 3:105"}));
  EXPECT_EQ(kit.places(two_streams("", "}\n  t: {type: overlay, in: cam, weight: 3")),
            Places({"E010 5:31"}));
}

TEST(DeviceWords, KnowADeadlineWhereverItIsWritten) {
  GraphTestKit kit;
  const auto codes = [&](const std::string& text) {
    std::set<std::string> all;
    for (const std::string& place : kit.places(text)) {
      all.insert(place.substr(0, 4));
    }
    return all;
  };
  EXPECT_EQ(codes(on_sim("", ", deadline: 20ms")), std::set<std::string>{"E004"}) << "at a model";
  EXPECT_EQ(codes(two_streams(", deadline: 20ms", "")), std::set<std::string>{"E004"})
      << "at an actor";
}

TEST(DeviceWords, RefuseBatchesThatNeverFill) {
  GraphTestKit kit;
  EXPECT_EQ(kit.places(on_sim("", ", batch: {size: 2}")), Places());
  const std::string large = on_sim("", ", batch: {size: 3}");
  EXPECT_EQ(kit.places(large), Places({"E052 2:69"}));
  EXPECT_EQ(kit.message(large),
            "a batch of 3 never fills: 1 stream has 2 frames in flight at most; raise "
            "'max_in_flight' of the sources, or make the batch smaller");
  EXPECT_EQ(kit.places(on_sim("", ", min_frames: 3")), Places({"E052 2:67"}));
  EXPECT_EQ(kit.places(two_streams(", max_in_flight: 3", "")), Places());
}

TEST(DeviceWords, WarnOfADropThatNeverHappens) {
  GraphTestKit kit;
  const std::string never = on_sim("", ", drop: oldest");
  EXPECT_EQ(kit.places(never), Places({"E052 2:61"}));
  EXPECT_TRUE(kit.check(never).spec.has_value()) << "a warning";
  EXPECT_EQ(kit.message(never),
            "'drop' never drops a frame: 'ifmap_queue_size' lets 16 wait, and 1 stream has 2 "
            "frames in flight at most; raise 'max_in_flight' of the sources, or lower "
            "'ifmap_queue_size'");
}

TEST(DeviceWords, ReadWhichFrameAFullQueueDrops) {
  GraphTestKit kit;
  const auto drop_of = [&](const std::string& word) {
    std::string text = on_sim("", ", drop: " + word);
    text.replace(text.find("rtsp://h/a"), 10, "clips/street.mp4");  // No window bounds it.
    return spec_of(kit, text).models.at(0).knobs.drop;
  };
  EXPECT_EQ(drop_of("none"), DropPolicy::kNone);
  EXPECT_EQ(drop_of("oldest"), DropPolicy::kOldest);
  EXPECT_EQ(drop_of("newest"), DropPolicy::kNewest);
}

TEST(DeviceWords, ReadTheShareOfAStreamInABatch) {
  GraphTestKit kit;
  EXPECT_EQ(
      spec_of(kit, on_sim("", ", batch: {size: 2, per_stream: 2}")).models[0].batch_per_stream, 2);
  EXPECT_EQ(spec_of(kit, on_sim("", ", batch: {size: 2}")).models[0].batch_per_stream, 0);
  const std::string small = on_sim("", ", batch: {size: 2, per_stream: 1}");
  EXPECT_EQ(kit.places(small), Places({"E052 2:84"}));
  EXPECT_EQ(kit.message(small),
            "a batch of 2 never fills: 1 stream of which it takes 1 each; raise 'per_stream', or "
            "make the batch smaller");
}

TEST(DeviceWords, CountQueuesWhereNoWindowBounds) {
  GraphTestKit kit;
  std::string text = on_sim("", ", batch: {size: 17}");
  text.replace(text.find("rtsp://h/a"), 10, "clips/street.mp4");
  EXPECT_EQ(kit.places(text), Places({"E052 2:69"}));
  EXPECT_EQ(kit.message(text),
            "a batch of 17 never fills: 'ifmap_queue_size' lets 16 wait; raise "
            "'ifmap_queue_size', or make the batch smaller");
}

TEST(DeviceWords, SayWhenABatchIsMoreThanResultsMayWait) {
  GraphTestKit kit;
  std::string text = on_sim("", ", batch: {size: 4}, ofmap_queue_size: 2");
  text.replace(text.find("rtsp://h/a"), 10, "clips/street.mp4");
  const Places places = kit.places(text);
  ASSERT_EQ(places.size(), 1U);
  EXPECT_EQ(places[0].substr(0, 4), "E052");
  EXPECT_EQ(kit.message(text),
            "'ofmap_queue_size' of 2 is less than a batch of 4, whose results come at once: it "
            "acts as 4; raise 'ofmap_queue_size', or make the batch smaller");
  text.replace(text.find("size: 2"), 7, "size: 4");
  EXPECT_EQ(kit.places(text), Places());
}

TEST(DeviceWords, RefuseDevicesThatAreNotThere) {
  GraphTestKit kit;
  kit.asks_devices = true;
  EXPECT_EQ(kit.places(graph("", ", device: npu")), Places({"E036 1:11", "E060 2:49"}));
  kit.devices.devices.erase("sim");
  EXPECT_EQ(kit.places(on_sim("")), Places({"E060 1:24"}));
  EXPECT_EQ(kit.places(on_sim(", id: metis-9")), Places({"E060 1:33"}));
  EXPECT_EQ(kit.message(on_sim("")),
            "device 'sim0': no device of type 'sim'; 'penstock devices' lists what is there");
}

TEST(DeviceWords, SpareADeviceOfAListThatIsNotThere) {
  GraphTestKit kit;
  kit.asks_devices = true;
  const CheckedGraph checked = kit.check(graph("", ", device: [npu, sim0]"));
  EXPECT_EQ(places_of(checked.diagnostics), Places({"E060 2:50"}));
  EXPECT_TRUE(checked.spec.has_value()) << "a warning: the other one is there";
}

TEST(DeviceWords, RefuseModelsThatTheDeviceCannotRun) {
  GraphTestKit kit;
  kit.asks_devices = true;
  const std::string text = on_sim("", ", mode: global4");
  kit.devices.reasons["m on sim0"] = {
      {LoadReason::Kind::kNotBuilt, "mode", "it has no mode 'global4'; it has single, multi"}};
  EXPECT_EQ(kit.places(text), Places({"E060 2:61"}));
  EXPECT_EQ(kit.message(text),
            "model 'm' on device 'metis-0': it has no mode 'global4'; it has single, multi");
}

TEST(DeviceWords, RefuseModelsBeyondTheLimitsOfADevice) {
  GraphTestKit kit;
  kit.asks_devices = true;
  kit.devices.reasons["m on sim0"] = {
      {LoadReason::Kind::kLimit, "memory", "it wants 40 MiB of 32 MiB"},
      {LoadReason::Kind::kLimit, "batch", "a batch of 2; it takes 1"}};
  EXPECT_EQ(kit.places(on_sim("", ", batch: {size: 2}")), Places({"E061 2:49", "E061 2:69"}));
  EXPECT_EQ(kit.devices.explained, 1);
}

TEST(DeviceWords, RefuseMoreCoresThanADeviceHas) {
  GraphTestKit kit;
  kit.asks_devices = true;
  EXPECT_EQ(kit.places(on_sim("", ", cores: 4")), Places());
  EXPECT_EQ(kit.places(on_sim("", ", cores: 5")), Places({"E061 2:62"}));
  EXPECT_EQ(kit.message(on_sim("", ", cores: 5")),
            "model 'm' takes 5 cores; device 'metis-0' has 4");
}

TEST(DeviceWords, SayHowToMakeScales) {
  GraphTestKit kit;
  kit.asks_devices = true;
  kit.devices.reasons["m on sim0"] = {
      {LoadReason::Kind::kNoScales, "scales", "it computes in i8, the model has no scales"}};
  EXPECT_EQ(kit.places(on_sim("")), Places({"E061 2:49"}));
  EXPECT_EQ(kit.message(on_sim("")),
            "model 'm' on device 'metis-0': it computes in i8, the model has no scales; make "
            "scales with 'penstock models pack --calibrate CLIP models/yolov8n.onnx'");
  kit.devices.reasons["m on sim0"].front().text =
      "no scales; run `penstock models pack --calibrate CLIP M`";
  EXPECT_EQ(kit.message(on_sim("")),
            "model 'm' on device 'metis-0': no scales; run `penstock models pack --calibrate CLIP "
            "M`")
      << "not twice";
}

/// Two models on a cpu and a simulated device, line 3 and 4, with lists as `devices` says.
std::string two_models(const std::string& devices) {
  return "devices: {sim0: {type: sim}}\nmodels:\n"
         "  m: {file: models/yolov8n.onnx, device: " +
         devices +
         "}\n"
         "  n: {file: models/yolov8s.onnx, device: " +
         devices +
         "}\n"
         "actors:\n  cam: {type: video_source, uri: \"rtsp://h/a\"}\n"
         "  d: {type: infer, model: m, in: cam}\n  e: {type: infer, model: n, in: cam}\n"
         "  log: {type: jsonl_sink, in: [d, e], path: a}\n";
}

TEST(DeviceWords, JudgeEachModelOnEachDeviceOfItsList) {
  GraphTestKit kit;
  kit.asks_devices = true;
  const std::string text = two_models("[sim0, cpu]");
  EXPECT_EQ(kit.places(text), Places());
  for (const char* pair : {"m on sim0", "m on cpu", "n on sim0", "n on cpu"}) {
    kit.devices.reasons[pair] = {{LoadReason::Kind::kNoScales, "scales", "no scales"}};
  }
  EXPECT_EQ(kit.places(text), Places({"E061 3:43", "E061 3:49", "E061 4:43", "E061 4:49"}));
}

TEST(DeviceWords, AddUpWhatModelsKeepOfADevice) {
  constexpr std::uint64_t kMebi = 1U << 20U;
  GraphTestKit kit;
  kit.asks_devices = true;
  kit.devices.devices.at("cpu").memory_bytes = 100 * kMebi;
  kit.devices.kept = {{"m on cpu", 60 * kMebi}, {"n on cpu", 40 * kMebi}, {"n on sim0", kMebi}};
  const std::string text = two_models("[sim0, cpu]");
  EXPECT_EQ(kit.places(text), Places());
  kit.devices.kept["n on cpu"] += 1;
  EXPECT_EQ(kit.places(text), Places({"E061 3:49", "E061 4:49"}));
  EXPECT_NE(kit.message(text).find(
                "models on device 'cpu:0' stay there together: 'm' 60 MiB, 'n' 41 MiB are 101 MiB, "
                "it has 100 MiB, 1 MiB too little; let one of them run on another device"),
            std::string::npos)
      << kit.message(text);
}

TEST(DeviceWords, CountAFileOfTwoNamesOnce) {
  constexpr std::uint64_t kMebi = 1U << 20U;
  GraphTestKit kit;
  kit.asks_devices = true;
  kit.devices.devices.at("cpu").memory_bytes = 100 * kMebi;
  kit.devices.kept = {{"m on cpu", 60 * kMebi}, {"n on cpu", 60 * kMebi}};
  std::string text = two_models("[sim0, cpu]");
  EXPECT_EQ(kit.places(text), Places({"E061 3:49", "E061 4:49"}));
  text.replace(text.find("yolov8s"), 7, "yolov8n");
  EXPECT_EQ(kit.places(text), Places());
}

TEST(DeviceWords, AskADeviceOncePerModel) {
  GraphTestKit kit;
  kit.asks_devices = true;
  EXPECT_EQ(kit.places(on_sim("") + "  e: {type: infer, model: m, in: cam}\n" +
                       "  log2: {type: jsonl_sink, in: e, path: b}\n"),
            Places());
  EXPECT_EQ(kit.devices.explained, 1);
}

}  // namespace
}  // namespace penstock
