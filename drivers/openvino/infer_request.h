#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <openvino/runtime/infer_request.hpp>

#include "drivers/api/driver_adapter.h"
#include "drivers/openvino/compiled_store.h"

namespace penstock::openvino {

/// One asynchronous inference at a time, on the caller's memory.
///
/// Memory is bound as plain dense tensors only: OpenVINO's region views write out of bounds.
/// OpenVINO's callback writes the completion and does no more, because it holds up a plug-in
/// thread.
class InferRequest final : public RequestBase {
 public:
  InferRequest(std::shared_ptr<const Compiled> compiled,
               std::shared_ptr<DeviceCounters> counters,
               DriverHost host);
  /// Blocks until a running inference has ended.
  ~InferRequest() override;

  Status submit(Job job) override { return start(job, {}, {}); }

  /// As `submit`, with inputs in place of the job's where they have data, and with `rows` rows in
  /// the shapes of the outputs that have more. `inputs` is empty, or has one an input, and lives
  /// until the completion.
  Status start(Job job, std::span<const PenstockTensor> inputs, std::optional<std::int64_t> rows);
  void cancel() noexcept override;

 private:
  /// What a port was bound to last: binding costs 2 to 3 us, and pools give the same memory again.
  struct Binding {
    void* data = nullptr;
    ov::Shape shape;
  };

  void bind_input(std::size_t index, const PenstockTensor& tensor);
  void bind_output(std::size_t index, const PenstockTensor& tensor);
  void on_end(const std::exception_ptr& failure) noexcept;
  void report_output_shapes();
  void cut_rows() const noexcept;

  std::shared_ptr<const Compiled> compiled_;
  std::shared_ptr<DeviceCounters> counters_;
  DriverHost host_;
  std::vector<Binding> inputs_;
  std::vector<Binding> outputs_;
  bool has_open_outputs_ = false;
  Job job_;
  std::optional<std::int64_t> rows_;
  std::int64_t started_ns_ = 0;
  std::atomic<bool> in_flight_{false};
  ov::InferRequest request_;
};

}  // namespace penstock::openvino
