// The GPU: kernels of kernels/simt on one stream of one device. Compiles without nvcc: launch() is declared here and instantiated for every
// kernel in backends/cuda/instantiate (launch.cuh), so that a net's tables are the host compiler's work and only kernels are nvcc's.
#pragma once

#include <cstddef>

#include <backends/cuda/memory.hpp>
#include <backends/simt/backend.hpp>
#include <backends/simt/product_choices.hpp>
#include <backends/simt/recording.hpp>
#include <backends/simt/transfers.hpp>
#include <kernels/simt/hopper.hpp>
#include <viseme/optim/loss_scaling.hpp>

namespace viseme::simt {

template <class T, int Columns>
struct dense_product_wgmma;

}  // namespace viseme::simt

namespace viseme::backends {

/// Whether it is a Hopper GPU, and its driver knows tensor maps.
bool runs_wgmma(int device);

/// A stream of the current device.
class cuda_stream {
public:
  cuda_stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate"); }
  cuda_stream(const cuda_stream&) = delete;
  cuda_stream& operator=(const cuda_stream&) = delete;
  ~cuda_stream() { cudaStreamDestroy(stream_); }
  operator cudaStream_t() const { return stream_; }

private:
  cudaStream_t stream_ = nullptr;
};

/// A device, its stream, and memory for values on their way. Not for two threads at once.
class cuda_context {
public:
  explicit cuda_context(int device = 0) : device_(selected(device)), has_wgmma_(runs_wgmma(device)), transfers_(stream_, copies_) {}
  cuda_context(const cuda_context&) = delete;
  cuda_context& operator=(const cuda_context&) = delete;
  ~cuda_context() { cudaStreamSynchronize(stream_); }

  cudaStream_t stream() const { return stream_; }
  int device() const { return device_; }

  /// Returns once `from` may be written again.
  void upload(void* to, const void* from, std::size_t bytes) { transfers_.upload(to, from, bytes); }
  void download(void* to, const void* from, std::size_t bytes) { transfers_.download(to, from, bytes); }
  template <class Read>
  void send(const float* values, std::size_t count, Read&& read) {
    transfers_.send(values, count, read);
  }
  void copy(void* to, const void* from, std::size_t bytes) {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream_), "cudaMemcpyAsync on the device");
  }
  void zero(void* to, std::size_t bytes) { check(cudaMemsetAsync(to, 0, bytes, stream_), "cudaMemsetAsync"); }
  void wait() { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }

  loss_scaling scaling;  // of all nets in fp16
  product_chooser choose_product = recorded_choice_of;
  bool has_wgmma() const { return has_wgmma_; }

  /// Bytes that a buffer can still have.
  std::size_t free_memory() const {
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    return free;
  }
  /// Two blocks that are sent, and staging().
  std::size_t staging_bytes(std::size_t count) const { return 3 * graph::aligned(count * sizeof(float)); }
  float* staging(std::size_t count) { return grown(staging_, count); }
  float* sums(std::size_t count) { return grown(sums_, count); }

private:
  float* grown(device_buffer& b, std::size_t count) {
    if (b.bytes() < count * sizeof(float)) {
      wait();
      b = device_buffer();
      b = device_buffer(*this, count * sizeof(float));
    }
    return b.at<float>(0);
  }
  static int selected(int device) {
    check(cudaSetDevice(device), "cudaSetDevice");
    return device;
  }

  int device_;
  bool has_wgmma_;
  cuda_stream stream_, copies_;
  transfers<staging_block> transfers_;
  device_buffer staging_, sums_;
};

/// Defined in launch.cuh; kept whole: other files link it.
template <class Kernel>
__attribute__((noinline, used)) void launch(cuda_context&, simt::grid, const Kernel&);

/// Defined in hopper.cu; where runs_wgmma only.
template <class T, int Columns>
void launch(cuda_context&, simt::grid, const simt::dense_product_wgmma<T, Columns>&);
simt::tile_map map_tiles(cuda_context&, const simt::tiled_matrix&);

/// What work queues on a context's stream, as a CUDA graph.
class cuda_graph {
public:
  template <class F>
  cuda_graph(cuda_context& c, F&& work) {
    check(cudaStreamBeginCapture(c.stream(), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    cudaGraph_t recorded = nullptr;
    try {
      work();
    } catch (...) {
      cudaStreamEndCapture(c.stream(), &recorded);
      cudaGetLastError();
      if (recorded) cudaGraphDestroy(recorded);
      throw;
    }
    check(cudaStreamEndCapture(c.stream(), &recorded), "cudaStreamEndCapture");
    const auto status = cudaGraphInstantiate(&graph_, recorded, 0);
    cudaGraphDestroy(recorded);
    check(status, "cudaGraphInstantiate");
  }
  cuda_graph(const cuda_graph&) = delete;
  cuda_graph& operator=(const cuda_graph&) = delete;
  ~cuda_graph() { cudaGraphExecDestroy(graph_); }

  void launch(cuda_context& c) const { check(cudaGraphLaunch(graph_, c.stream()), "cudaGraphLaunch"); }

private:
  cudaGraphExec_t graph_ = nullptr;
};

struct on_device {
  using context = cuda_context;
  using buffer = device_buffer;
  using graph = cuda_graph;
  static constexpr const char* name = "cuda";
};

template <class T>
using cuda = simt_backend<on_device, T>;

}  // namespace viseme::backends
