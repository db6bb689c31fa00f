#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "engine/base/check.h"

namespace penstock {

/// Base of objects that count their own references. `T` is the derived class; when the last
/// reference goes, `T::on_last_reference()` is called: it deletes the object or gives it back to
/// its pool. That is why this is not `std::shared_ptr`, which always frees.
///
/// Thread-safety: references come and go on any thread.
/// Cost: one atomic increment or decrement, no control block; for the last one a load.
template <class T>
class RefCounted {
 public:
  void add_reference() const noexcept { references_.fetch_add(1, std::memory_order_relaxed); }

  /// As `add_reference`, without its cost. Pre: there is none, and nobody else can take one now.
  void add_first_reference() const noexcept {
    PENSTOCK_CHECK(references_.load(std::memory_order_relaxed) == 0) << "it is in use";
    references_.store(1, std::memory_order_relaxed);
  }

  void drop_reference() const noexcept {
    // Whoever has the only one needs no locked subtraction: nobody is left to take another.
    if (references_.load(std::memory_order_acquire) == 1) {
      references_.store(0, std::memory_order_relaxed);
    } else if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) {
      return;
    }
    const_cast<T*>(static_cast<const T*>(this))->on_last_reference();
  }

  /// True if this is the only reference: its holder may then change the object.
  [[nodiscard]] bool is_unique() const noexcept {
    return references_.load(std::memory_order_acquire) == 1;
  }

 protected:
  RefCounted() = default;
  ~RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

 private:
  mutable std::atomic<std::uint32_t> references_{0};
};

/// A counted reference to a `RefCounted` object, or nothing.
template <class T>
class Ref {
 public:
  Ref() = default;

  /// Takes a further reference to `object` (which may be null).
  explicit Ref(T* object) noexcept : object_(object) {
    if (object_ != nullptr) {
      object_->add_reference();
    }
  }

  Ref(const Ref& other) noexcept : Ref(other.object_) {}

  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}

  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }

  ~Ref() { reset(); }

  void reset() noexcept {
    if (T* object = std::exchange(object_, nullptr); object != nullptr) {
      object->drop_reference();
    }
  }

  /// Gives the reference away without dropping it; `adopt` takes it back.
  [[nodiscard]] T* release() noexcept { return std::exchange(object_, nullptr); }

  [[nodiscard]] static Ref adopt(T* object) noexcept {
    Ref ref;
    ref.object_ = object;
    return ref;
  }

  [[nodiscard]] T* get() const noexcept { return object_; }

  T* operator->() const noexcept { return object_; }

  T& operator*() const noexcept { return *object_; }

  explicit operator bool() const noexcept { return object_ != nullptr; }

  friend bool operator==(const Ref& a, const Ref& b) noexcept { return a.object_ == b.object_; }

 private:
  T* object_ = nullptr;
};

}  // namespace penstock
