// What a backend is: scalar, layout, context, memory, and the backend it falls back to.
#pragma once

#include <concepts>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include <viseme/core/view.hpp>
#include <viseme/graph/place.hpp>

namespace viseme {

/// `longest_group`: most layers that one of its fused ops takes. `scalar` of activations, `preferred` layout, `fallback` (a backend of the same memory space or void), `name`, a `context` (threads,
/// stream, handles) and `buffer`: memory allocated once, released at the end.
template <class B>
concept backend = requires {
  typename B::scalar;
  typename B::fallback;
  typename B::context;
  typename B::buffer;
  { B::preferred } -> std::convertible_to<layout>;
  { B::longest_group } -> std::convertible_to<int>;
};

/// Zeroed, page-touched host memory that moves and does not copy.
class host_buffer {
public:
  host_buffer() = default;
  template <class Context>
  host_buffer(Context&, std::size_t bytes) : bytes_(graph::aligned(bytes)) {
    if (!bytes_) return;
    data_.reset(std::aligned_alloc(graph::alignment, bytes_));
    if (!data_) throw std::bad_alloc();
    std::memset(data_.get(), 0, bytes_);
  }
  std::byte* data() const { return static_cast<std::byte*>(data_.get()); }
  template <class T>
  T* at(std::size_t byte_offset) const { return reinterpret_cast<T*>(data() + byte_offset); }
  std::size_t bytes() const { return bytes_; }

private:
  struct release {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<void, release> data_;
  std::size_t bytes_ = 0;
};

}  // namespace viseme
