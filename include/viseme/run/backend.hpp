// What a backend is: scalar, layout, context, memory, and the backend it falls back to.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

#include <viseme/core/view.hpp>
#include <viseme/graph/place.hpp>

namespace viseme {

/// `fusions`: the sequences of layers that it may have fused ops for, in the letters of graph/group.hpp. `scalar` of activations,
/// `preferred` layout, `fallback` (a backend of the same memory space or void), `name`, a `context` (threads, stream, handles; `upload`,
/// `download`, `copy`, `zero` of bytes, `wait`; of a device with memory of its own `free_memory()` and `staging_bytes(elements)`, in bytes)
/// and `buffer`: memory allocated once, released at the end.
template <class B>
concept backend = requires {
  typename B::scalar;
  typename B::fallback;
  typename B::context;
  typename B::buffer;
  { B::preferred } -> std::convertible_to<layout>;
  B::fusions.size();
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

/// Runs the same work again and again: a backend that can record it once and replay it specialises this.
template <class B>
struct recording {
  template <class F>
  void run(typename B::context&, F&& work) {
    work();
  }
};

/// Memory of a device that values of up to `elements` floats pass through between it and the host.
template <class Context>
std::size_t staging_bytes(const Context& c, std::size_t elements) {
  if constexpr (requires { c.staging_bytes(elements); }) return c.staging_bytes(elements);
  else return 0;
}

/// Between floats of the host and numbers of a backend's memory.
template <class Context, class M>
void upload_floats(Context& c, std::span<const float> from, M* to) {
  if constexpr (std::is_same_v<M, float>) return c.upload(to, from.data(), from.size_bytes());
  const std::vector<M> converted(from.begin(), from.end());
  c.upload(to, converted.data(), from.size() * sizeof(M));
}
template <class Context, class M>
void download_floats(Context& c, const M* from, std::span<float> to) {
  if constexpr (std::is_same_v<M, float>) return c.download(to.data(), from, to.size_bytes());
  std::vector<M> converted(to.size());
  c.download(converted.data(), from, to.size() * sizeof(M));
  std::copy(converted.begin(), converted.end(), to.begin());
}

}  // namespace viseme
