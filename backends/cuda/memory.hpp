// Memory of a GPU, and what values pass through on their way to it and back.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <backends/cuda/check.hpp>
#include <viseme/graph/place.hpp>

namespace viseme::backends {

/// Zeroed memory of a device; moves and does not copy.
class device_buffer {
public:
  device_buffer() = default;
  template <class Context>
  device_buffer(Context& c, std::size_t bytes) : bytes_(graph::aligned(bytes)) {
    if (!bytes_) return;
    void* p = nullptr;
    if (cudaMalloc(&p, bytes_) == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      out_of_memory(bytes_);
    }
    data_.reset(p);
    c.zero(p, bytes_);
  }
  std::byte* data() const { return static_cast<std::byte*>(data_.get()); }
  template <class T>
  T* at(std::size_t byte_offset) const { return reinterpret_cast<T*>(data() + byte_offset); }
  std::size_t bytes() const { return bytes_; }

private:
  [[noreturn]] static void out_of_memory(std::size_t bytes) {
    std::size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    const auto mib = [](std::size_t n) { return std::to_string(n >> 20) + " MiB"; };
    throw cuda_error("memory of the GPU", mib(bytes) + " are needed in one piece, " + mib(free) + " of " + mib(total) + " are free",
                     "end what else uses the GPU, or use another backend");
  }

  struct release {
    void operator()(void* p) const { cudaFree(p); }
  };
  std::unique_ptr<void, release> data_;
  std::size_t bytes_ = 0;
};

/// A block of backends/simt/transfers.hpp: sends on a stream of its own, which the main one waits for.
class staging_block {
public:
  staging_block(cudaStream_t stream, cudaStream_t copies) : stream_(stream), copies_(copies) {
    check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "cudaEventCreate");
  }
  staging_block(const staging_block&) = delete;
  staging_block& operator=(const staging_block&) = delete;
  ~staging_block() { cudaEventDestroy(event_); }

  void wait() { check(cudaEventSynchronize(event_), "cudaEventSynchronize"); }
  void* host(std::size_t bytes) {
    if (host_bytes_ < bytes) {
      host_.reset();
      host_bytes_ = 0;
      void* p = nullptr;
      check(cudaMallocHost(&p, bytes), "cudaMallocHost");
      host_.reset(p);
      host_bytes_ = bytes;
    }
    return host_.get();
  }
  void* sent(std::size_t bytes) {
    if (device_.bytes() < bytes) {
      device_ = device_buffer();
      device_ = device_buffer(*this, bytes);
    }
    check(cudaMemcpyAsync(device_.data(), host_.get(), bytes, cudaMemcpyHostToDevice, copies_), "cudaMemcpyAsync to the device");
    check(cudaEventRecord(event_, copies_), "cudaEventRecord");
    check(cudaStreamWaitEvent(stream_, event_), "cudaStreamWaitEvent");
    return device_.data();
  }
  void copy_to(void* to, std::size_t bytes) {
    check(cudaMemcpyAsync(to, host_.get(), bytes, cudaMemcpyHostToDevice, stream_), "cudaMemcpyAsync to the device");
  }
  const void* fetched(const void* from, std::size_t bytes) {
    void* to = host(bytes);
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_), "cudaMemcpyAsync from the device");
    check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
    return to;
  }
  void mark() { check(cudaEventRecord(event_, stream_), "cudaEventRecord"); }

  /// Before what is sent next.
  void zero(void* to, std::size_t bytes) { check(cudaMemsetAsync(to, 0, bytes, copies_), "cudaMemsetAsync"); }

private:
  struct release {
    void operator()(void* p) const { cudaFreeHost(p); }
  };
  cudaStream_t stream_, copies_;
  cudaEvent_t event_ = nullptr;
  std::unique_ptr<void, release> host_;
  std::size_t host_bytes_ = 0;
  device_buffer device_;
};

}  // namespace viseme::backends
