/* The interface between Penstock and the code that drives one kind of device.
 *
 * Pure C, so that a driver can be built by another compiler, against another C++ library, and be
 * loaded at run time. Drivers that are linked in go through the very same structs.
 * drivers/noop is the smallest driver and made to be copied; drivers/api/driver_adapter.h lets a
 * driver be written as C++ classes; drivers/conformance is the suite that every driver passes.
 *
 * Versions: major changes break, minor changes append. Every struct begins with its `size` in bytes
 * as its maker compiled it; whoever reads a struct touches only what lies within `size`. Arrays of
 * structs are walked by `items[0].size`, never by sizeof. Nothing is reordered or removed, and
 * numbers (codes, kinds, types) are append-only. penstock_driver_test.cc pins sizes and offsets.
 *
 * Texts are UTF-8 and end with NUL; NULL stands for "". A pointer handed to a call lives until that
 * call returns, except where a longer life is written. Visitors are called before the call that
 * takes them returns, on the same thread; what they are shown lives until they return.
 *
 * Threads. Calls come in three kinds, marked at each function:
 *   [blocking]  may take long. From any thread, several at once, also for one object (two loads on
 *               one device); but the call that ends an object comes alone and last, after those
 *               those that end its children, and none comes from inside a callback. The host makes
 *               them on its executor for blocking work.
 *
 *   [instant]   must not block, sleep, wait for the device, or allocate in the steady state. From
 *               any thread.
 *
 *   [callback]  made by the driver, from any thread of its own or from inside an [instant] call;
 *               returns at once.
 *
 * No call throws: a driver in C++ catches everything at this border.
 */
#pragma once

#include <stdint.h>

/* NOLINTBEGIN(modernize-use-using,modernize-deprecated-headers): this header is C */

#ifdef __cplusplus
extern "C" {
#endif

#define PENSTOCK_DRIVER_ABI_MAJOR 1u
#define PENSTOCK_DRIVER_ABI_MINOR 3u

/* The one symbol that a plug-in exports: a PenstockDriverEntry. */
#define PENSTOCK_DRIVER_ENTRY_SYMBOL "penstock_driver_entry"

#define PENSTOCK_MAX_RANK 8
#define PENSTOCK_MESSAGE_BYTES 512
#define PENSTOCK_SHORT_MESSAGE_BYTES 192

/* Return codes are the numbers of penstock::Errc (engine/base/result.h): 0 is success. */
#define PENSTOCK_OK 0
#define PENSTOCK_INVALID_ARGUMENT 1
#define PENSTOCK_UNSUPPORTED 2
#define PENSTOCK_UNAVAILABLE 3
#define PENSTOCK_DEADLINE_EXCEEDED 4
#define PENSTOCK_CANCELLED 5
#define PENSTOCK_DEVICE_LOST 6
#define PENSTOCK_PEER_GONE 7
#define PENSTOCK_CORRUPT 8
#define PENSTOCK_INTERNAL 9
#define PENSTOCK_NOT_FOUND 10

#define PENSTOCK_DEVICE_CPU 1u
#define PENSTOCK_DEVICE_GPU 2u
#define PENSTOCK_DEVICE_NPU 3u
#define PENSTOCK_DEVICE_SIM 4u
#define PENSTOCK_DEVICE_NOOP 5u

/* Memory kinds are the numbers of penstock::MemoryKind; sets of them are bit masks (1u << kind). */
#define PENSTOCK_MEMORY_HOST 0u
#define PENSTOCK_MEMORY_SHARED 1u
#define PENSTOCK_MEMORY_DMABUF 2u
#define PENSTOCK_MEMORY_DEVICE 3u

#define PENSTOCK_HEALTH_OK 0u
#define PENSTOCK_HEALTH_DEGRADED 1u
#define PENSTOCK_HEALTH_FAULT 2u
#define PENSTOCK_HEALTH_RESETTING 3u

#define PENSTOCK_PROPERTY_TEXT 0u
#define PENSTOCK_PROPERTY_INTEGER 1u
#define PENSTOCK_PROPERTY_REAL 2u
#define PENSTOCK_PROPERTY_BOOLEAN 3u
#define PENSTOCK_PROPERTY_CHOICE 4u

#define PENSTOCK_LOG_DEBUG 0
#define PENSTOCK_LOG_INFO 1
#define PENSTOCK_LOG_WARNING 2
#define PENSTOCK_LOG_ERROR 3

/* The driver's own objects; the host only passes them back. */
typedef struct PenstockDriver PenstockDriver;
typedef struct PenstockDevice PenstockDevice;
typedef struct PenstockModel PenstockModel;
typedef struct PenstockRequest PenstockRequest;
struct PenstockDriverApi;

/* Why a call failed; the caller sets `size`, the driver the rest. The message names the thing, the
 * value and the rule, on one line, and is cut (at the end of a character) where it does not fit. */
typedef struct PenstockError {
  uint32_t size;
  int32_t code;
  char message[PENSTOCK_MESSAGE_BYTES];
} PenstockError;

typedef struct PenstockOption {
  uint32_t size;
  uint32_t reserved;
  const char* key;
  const char* value;
} PenstockOption;

/* A set of options, each key once. An option that the driver does not know is refused with
 * PENSTOCK_INVALID_ARGUMENT, naming it and the known ones. */
typedef struct PenstockOptions {
  uint32_t size;
  uint32_t count;
  const PenstockOption* items;
} PenstockOptions;

/* What the host does for a driver. Lives until PenstockDriverApi.destroy has returned. */
typedef struct PenstockHost {
  uint32_t size;
  uint32_t reserved;
  void* context;

  /* Writes one line to the log. Any thread; may be slow: not per frame. */
  void (*log)(void* context, int32_t level, const char* text);

  /* The host's monotonic time. A simulated device uses no other clock, so that it can run in
   * virtual time. Any thread, instant. */
  int64_t (*now_ns)(void* context);

  /* Calls `function(argument)` once, at `when_ns` or soon after, on a thread of the host. Calls
   * that are due at the same time come in the order in which they were asked for. `function` is
   * [callback]-like: instant. Returns a ticket, or 0 if the host is shutting down (no call comes).
   * Any thread, instant. */
  uint64_t (*call_at)(void* context, int64_t when_ns, void (*function)(void*), void* argument);

  /* Takes a call back. After it returns the function is not running and will not run. Returns 1 if
   * the call was prevented, 0 if it had been made. It waits for a function that is running on
   * another thread: never call it with a lock that the function takes. A function may cancel its
   * own ticket. 0 is no ticket: nothing happens. */
  int32_t (*cancel_call)(void* context, uint64_t ticket);

  /* Since 1.1. Returns the driver that computes on the host, for simulated devices that give true
   * results, or NULL where there is none. Lives as long as the host. Any thread, instant. */
  const struct PenstockDriverApi* (*reference_driver)(void* context);
} PenstockHost;

typedef struct PenstockSubDeviceInfo {
  uint32_t size;
  uint32_t index;
  const char* name; /* "core 0" */
  uint64_t memory_bytes;
  /* Since 1.1. */
  uint32_t group; /* Sub-devices of one group (a cluster) work together in modes that span. */
  uint32_t reserved;
  int64_t in_use_by; /* Process that has claimed it, 0 = free, as far as the driver itself knows. */
} PenstockSubDeviceInfo;

/* One device that the driver can open. `identity` is stable for as long as the device stays in its
 * slot ("cpu:0", "metis-0:3:0") and unique within the driver. */
typedef struct PenstockDeviceInfo {
  uint32_t size;
  uint32_t kind; /* PENSTOCK_DEVICE_... */
  const char* identity;
  const char* name;
  const char* board;
  const char* firmware;
  uint64_t memory_bytes; /* The device's own; 0 = it uses the host's, or nobody knows. */
  uint32_t sub_device_count;
  uint32_t reserved;
  const PenstockSubDeviceInfo* sub_devices;
  /* Since 1.1. */
  uint64_t shared_memory_bytes; /* What all sub-devices share, within or beside their own. */
  uint32_t max_resident; /* Models at once on one sub-device; 0 = as many as its memory holds. */
  uint32_t reserved2;
} PenstockDeviceInfo;

/* A port of a model. Extents that the model leaves open are -1. */
typedef struct PenstockTensorInfo {
  uint32_t size;
  uint32_t element_type; /* Numbers of penstock::ElementType. */
  const char* name;
  const char* layout; /* Axis letters in memory order ("NHWC"), or "". */
  uint32_t rank;
  uint32_t memory_kinds; /* Bit mask of the kinds that are used in place. */
  uint32_t alignment;    /* In bytes, of the first byte; a power of two. */
  float scale;           /* real = (stored - zero_point) * scale */
  int32_t zero_point;
  int32_t channel_axis;   /* -1: one scale for all. */
  uint32_t channel_count; /* Length of channel_scales. */
  uint32_t reserved;
  const float* channel_scales;
  int64_t shape[PENSTOCK_MAX_RANK];
  int64_t padding[PENSTOCK_MAX_RANK]; /* Elements that the device wants beyond `shape`. */
} PenstockTensorInfo;

typedef struct PenstockModelInfo {
  uint32_t size;
  uint32_t preferred_requests; /* That many keep the device busy; at least 1. */
  uint32_t max_requests;       /* create_request refuses more with UNAVAILABLE; 0 = no limit. */
  uint32_t min_batch;          /* Range of the first extent; both 1 where there is no batch. */
  uint32_t max_batch;          /* 0 = no limit. */
  uint32_t loaded_from_cache;  /* 1 or 0. */
  /* Since 1.1. */
  uint32_t needs_activation; /* 1: inferences run only where `activate` has made it resident. */
  uint32_t reserved;
  const char* mode; /* The execution mode it was loaded in ("single"), or "". */
} PenstockModelInfo;

/* Since 1.1. One set of sub-devices on which a loaded model can be resident, and what it costs
 * there. Times are the driver's estimates, 0 = not known; the host measures as it goes. */
typedef struct PenstockPlacement {
  uint32_t size;
  uint32_t depth;        /* Inferences in flight there that keep it busy; at least 1. */
  uint64_t sub_devices;  /* Bit mask of indexes. */
  uint64_t memory_bytes; /* On each of them, while resident. */
  uint64_t shared_bytes; /* Of the shared memory, while resident. */
  int64_t activation_ns; /* To become resident on an empty place. */
  int64_t service_ns;    /* Between two completions when busy. */
} PenstockPlacement;

/* Since 1.2. Extents of one tensor, in memory order. */
typedef struct PenstockShape {
  uint32_t size;
  uint32_t rank;
  int64_t extents[PENSTOCK_MAX_RANK];
} PenstockShape;

/* Since 1.2. One combination of fixed shapes in which a model whose ports have open extents was
 * compiled; `inputs` and `outputs` hold one shape a port, in the order of the ports.
 *
 * A bucket that is shown never has fewer elements in its inputs than the one shown before. An
 * inference runs in the first one that all its inputs fit into: same ranks, no extent larger; so
 * host and driver find the same one. The driver pads what is smaller, at the end of each axis. The
 * outputs' memory is laid out for the bucket. Where all ports of the bucket have the same first
 * extent, the batch, the driver reports outputs with as many rows as the inputs have; else with the
 * bucket's shapes. What fits no bucket is refused with INVALID_ARGUMENT. */
typedef struct PenstockBucket {
  uint32_t size;
  uint32_t input_count;
  uint32_t output_count;
  uint32_t reserved;
  const PenstockShape* inputs;
  const PenstockShape* outputs;
} PenstockBucket;

/* Shown a model's description: `summary` once (not for `inspect`), `input` and `output` in the
 * order in which tensors are bound, `property` for what is really in force. */
typedef struct PenstockModelVisitor {
  uint32_t size;
  uint32_t reserved;
  void* context;
  void (*summary)(void* context, const PenstockModelInfo* info);
  void (*input)(void* context, const PenstockTensorInfo* info);
  void (*output)(void* context, const PenstockTensorInfo* info);
  void (*property)(void* context, const char* key, const char* value);
  /* Since 1.1; NULL where the host does not ask. Not for `inspect`. None shown: the model is
   * resident on the whole device. */
  void (*placement)(void* context, const PenstockPlacement* placement);
  /* Since 1.2; NULL where the host does not ask. Not for `inspect`. After the ports; none shown:
   * the model has one shape, or takes any that its ports allow. */
  void (*bucket)(void* context, const PenstockBucket* bucket);
} PenstockModelVisitor;

/* One reason why a model will not load or run. `subject` is the input, option, operation or limit
 * that it is about. */
typedef struct PenstockReason {
  uint32_t size;
  int32_t code;
  const char* subject;
  const char* text;
} PenstockReason;

/* `value` at the time of the call. `sub_device` is -1 for the whole device. */
typedef struct PenstockMetric {
  uint32_t size;
  int32_t sub_device;
  const char* name; /* "utilisation" */
  const char* unit; /* "ratio", "bytes", "celsius", "ns", "count", ... */
  double value;
} PenstockMetric;

/* Since 1.1. A setting of a device, as text: what can be read and perhaps configured.
 * `minimum`, `maximum` and `step` hold for integers and reals (step 0: any); `choices` for choices,
 * separated by '|'. While `pending`, `pending_value` was accepted and is not in force yet. */
typedef struct PenstockProperty {
  uint32_t size;
  int32_t sub_device; /* -1: of the whole device. */
  const char* name;   /* "clock" */
  const char* unit;   /* "MHz", "percent", "watt", ... or "". */
  const char* help;   /* One line. */
  const char* value;
  const char* pending_value;
  const char* choices;
  double minimum;
  double maximum;
  double step;
  uint32_t type; /* PENSTOCK_PROPERTY_... */
  uint32_t is_writable;
  uint32_t is_pending;
  uint32_t reserved;
} PenstockProperty;

/* A change of a device's health; the caller sets `size`. */
typedef struct PenstockHealthEvent {
  uint32_t size;
  uint32_t health;
  int64_t time_ns;
  char reason[PENSTOCK_SHORT_MESSAGE_BYTES];
} PenstockHealthEvent;

/* What to load: a file, and how. */
typedef struct PenstockModelSource {
  uint32_t size;
  uint32_t reserved;
  const char* path;
  PenstockOptions options;
} PenstockModelSource;

/* Memory bound to one port for one inference. Always dense: a map with strides has no form here.
 * The host has checked element type, shape and length against the port.
 *
 * The memory stays the caller's; it is valid from submit until the completion, and the driver works
 * on it in place or copies. Outputs: `shape` says what the memory is laid out for; where the port
 * has open extents the driver writes back `rank` and `shape` of what it really gave, before the
 * completion, and fails the inference if that needs more than `byte_length`. */
typedef struct PenstockTensor {
  uint32_t size;
  uint32_t memory_kind;
  void* data; /* First byte of the tensor, for kinds that the host can address; else NULL. */
  uint64_t byte_length;
  uint64_t segment; /* With `segment_offset` and `generation`: names memory of the other kinds. */
  uint64_t segment_offset;
  uint32_t generation;
  uint32_t element_type;
  uint32_t rank;
  uint32_t reserved;
  int64_t shape[PENSTOCK_MAX_RANK];
} PenstockTensor;

/* Where the end of an inference is written: memory of the caller, reserved before the inference
 * starts, so that reporting cannot fail. The driver writes code, message and device_ns, then calls
 * `done(done_argument)` [callback] once, and touches the slot no more. `token` is not the driver's.
 */
typedef struct PenstockCompletion {
  uint32_t size;
  int32_t code;
  uint64_t token;
  int64_t device_ns; /* Time on the device, or 0 where it is not known. */
  void (*done)(void* argument);
  void* done_argument;
  char message[PENSTOCK_SHORT_MESSAGE_BYTES]; /* "" on success. */
} PenstockCompletion;

/* One inference. The job and its arrays live until the completion. */
typedef struct PenstockJob {
  uint32_t size;
  uint32_t input_count;
  uint32_t output_count;
  uint32_t reserved;
  const PenstockTensor* inputs;
  PenstockTensor* outputs;
  PenstockCompletion* completion;
  /* Since 1.1. A placement on which the model is resident; 0 = the driver chooses one. */
  uint64_t sub_devices;
  /* Since 1.3. How many rows of its batch hold frames, for rates and meters: the memory may be laid
   * out for more, whose values mean nothing; they are computed all the same. 0: all of them. */
  uint32_t frames;
  uint32_t reserved2;
} PenstockJob;

/* The driver. Functions return a code; where one is not 0 the error is filled (it may be NULL).
 * A function pointer that lies within `size` is never NULL. */
typedef struct PenstockDriverApi {
  uint32_t size;
  uint16_t abi_major;
  uint16_t abi_minor;
  const char* name;    /* "openvino": what lists and messages call the driver. */
  const char* version; /* Of the driver and the library below it. */

  /* [blocking] Starts the driver. `host` outlives it. */
  int32_t (*create)(const PenstockHost* host,
                    const PenstockOptions* options,
                    PenstockDriver** driver,
                    PenstockError* error);
  /* [blocking] All its devices are closed. No callback comes after it returns. */
  void (*destroy)(PenstockDriver* driver);

  /* [blocking] Shows each device that is there now, always in the same order. */
  int32_t (*enumerate)(PenstockDriver* driver,
                       void (*visit)(void* context, const PenstockDeviceInfo* info),
                       void* context,
                       PenstockError* error);

  /* [blocking] Shows inputs, outputs and properties of a model file without loading it. */
  int32_t (*inspect)(PenstockDriver* driver,
                     const char* path,
                     const PenstockModelVisitor* visitor,
                     PenstockError* error);

  /* [blocking] Opens a device. `ring(ring_argument)` [callback] is made after a health event was
   * queued; rings may be merged. It may be NULL. */
  int32_t (*open_device)(PenstockDriver* driver,
                         const char* identity,
                         void (*ring)(void* argument),
                         void* ring_argument,
                         PenstockDevice** device,
                         PenstockError* error);
  /* [blocking] All its models are unloaded. `ring` is not called after it returns. */
  void (*close_device)(PenstockDevice* device);

  /* [blocking] Says before a load whether it would succeed: shows every reason against it, and none
   * if it would. Returns an error only where that cannot be found out. */
  int32_t (*explain)(PenstockDevice* device,
                     const PenstockModelSource* source,
                     void (*visit)(void* context, const PenstockReason* reason),
                     void* context,
                     PenstockError* error);
  /* [blocking] Loads a model. */
  int32_t (*load)(PenstockDevice* device,
                  const PenstockModelSource* source,
                  PenstockModel** model,
                  PenstockError* error);
  /* [blocking] All its requests are destroyed, and no change of residence is in flight: the `done`
   * of the last one was called, but may not have returned yet; the driver waits for that.
   * A model that is resident is taken away. */
  void (*unload)(PenstockModel* model);
  /* [blocking] Shows what was loaded; the same every time. */
  int32_t (*describe)(PenstockModel* model,
                      const PenstockModelVisitor* visitor,
                      PenstockError* error);

  /* [blocking] Makes a request: the room for one inference in flight, to be used again and again.
   */
  int32_t (*create_request)(PenstockModel* model, PenstockRequest** request, PenstockError* error);
  /* [blocking] Cancels what is in flight and waits for it: its `done` has come and has returned
   * before this returns. */
  void (*destroy_request)(PenstockRequest* request);

  /* [instant] Starts an inference. 0: accepted, and its completion comes exactly once, whatever
   * happens; it may come before submit returns. Else: refused, and no completion comes. The host
   * never submits a request again before its completion came, nor two calls at once for one
   * request; different requests are submitted from several threads at once. */
  int32_t (*submit)(PenstockRequest* request, const PenstockJob* job, PenstockError* error);
  /* [instant] Asks to end early what is in flight; the completion still comes (CANCELLED, or its
   * ordinary one if it was too late). Nothing in flight: nothing happens. */
  void (*cancel)(PenstockRequest* request);

  /* [instant] Takes the oldest queued health event; returns 1, or 0 if there is none. */
  int32_t (*poll_event)(PenstockDevice* device, PenstockHealthEvent* event);
  /* [instant] Shows the device's live figures. */
  void (*metrics)(PenstockDevice* device,
                  void (*visit)(void* context, const PenstockMetric* metric),
                  void* context);

  /* ---- Since 1.1. A host that is given a shorter table does without: nothing to claim beyond
   * its own locks, nothing to configure, always resident, no reset. ---- */

  /* [blocking] Reserves sub-devices for this process, all or none. UNAVAILABLE names the taken one
   * and its owner. The host holds its own lock between processes already when it calls. */
  int32_t (*claim)(PenstockDevice* device, uint64_t sub_devices, PenstockError* error);
  /* [blocking] Gives claimed sub-devices back. close_device gives back what is left. */
  void (*release)(PenstockDevice* device, uint64_t sub_devices);

  /* [blocking] Shows every property, always in the same order. */
  int32_t (*properties)(PenstockDevice* device,
                        void (*visit)(void* context, const PenstockProperty* property),
                        void* context,
                        PenstockError* error);
  /* [blocking] Sets one property of the device, or of one sub-device. `pending` becomes 1 where the
   * value takes force later: the device's `ring` is made when it has. INVALID_ARGUMENT for an
   * unknown name, a value out of its range, or one that cannot be written. */
  int32_t (*configure)(PenstockDevice* device,
                       int32_t sub_device,
                       const char* name,
                       const char* value,
                       int32_t* pending,
                       PenstockError* error);

  /* [instant] Starts a reset: health becomes RESETTING, and the next health is its end: OK,
   * DEGRADED (it works again, but is warm, say) or FAULT; both as health events. All inferences and
   * activations in flight complete with DEVICE_LOST before its end is reported, and nothing writes
   * into their memory any more; nothing is resident afterwards. Models and requests stay valid.
   * UNSUPPORTED where the device has none: the host closes it and opens it anew. */
  int32_t (*reset)(PenstockDevice* device, PenstockError* error);

  /* [instant] Starts to make a model resident on one of its placements: takes its memory there and
   * downloads it. 0: accepted, and the completion comes exactly once. Else: refused.
   * UNAVAILABLE names the limit that is reached, and by how much. The host asks for one change at a
   * time on a device, and has nothing in flight there for a model that it deactivates. */
  int32_t (*activate)(PenstockModel* model,
                      uint64_t sub_devices,
                      PenstockCompletion* completion,
                      PenstockError* error);
  /* [instant] Starts to take a model from one of its placements. As `activate`. */
  int32_t (*deactivate)(PenstockModel* model,
                        uint64_t sub_devices,
                        PenstockCompletion* completion,
                        PenstockError* error);
} PenstockDriverApi;

/* Returns the driver's table, which lives as long as its library; NULL if it cannot work with a
 * host of `abi_major`. */
typedef const PenstockDriverApi* (*PenstockDriverEntry)(uint32_t abi_major);

#ifdef __cplusplus
}
#endif

/* NOLINTEND(modernize-use-using,modernize-deprecated-headers) */
