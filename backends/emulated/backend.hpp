// The GPU's kernels on the host, for tests and for looking into them: slow, and strict (kernels/simt/host.hpp).
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <backends/reference/backend.hpp>
#include <backends/simt/backend.hpp>
#include <backends/simt/product_choices.hpp>
#include <backends/simt/recording.hpp>
#include <kernels/simt/host.hpp>
#include <viseme/optim/loss_scaling.hpp>

namespace viseme::backends {

struct emulated_context : host_context {
  simt::host_launcher launcher;
  loss_scaling scaling;  // of all nets in fp16

  product_chooser choose_product = recorded_choice_of;

  explicit emulated_context(int count) : host_context(count), launcher(threads) {}
  bool has_wgmma() const { return true; }

  void upload(void* to, const void* from, std::size_t bytes) {
    refuse_recording("upload");
    host_context::upload(to, from, bytes);
  }
  void download(void* to, const void* from, std::size_t bytes) {
    refuse_recording("download");
    host_context::download(to, from, bytes);
  }
  template <class Read>
  void send(const float* values, std::size_t count, Read&& read) {
    float* sent = staging(count);
    upload(sent, values, count * sizeof(float));
    read(static_cast<const float*>(sent));
  }
  void copy(void* to, const void* from, std::size_t bytes) {
    queue([=, this] { host_context::copy(to, from, bytes); });
  }
  void zero(void* to, std::size_t bytes) {
    queue([=, this] { host_context::zero(to, bytes); });
  }
  void wait() const { refuse_recording("wait"); }
  float* staging(std::size_t count) { return grown(staging_, count); }
  float* sums(std::size_t count) { return grown(sums_, count); }

  /// Does it, or while a recording is made puts it down.
  template <class F>
  void queue(F&& f) {
    if (recorded_) recorded_->push_back(std::forward<F>(f));
    else f();
  }
  /// What work() queues; none of it is done.
  template <class F>
  std::vector<std::function<void()>> record(F&& work) {
    refuse_recording("recording");
    std::vector<std::function<void()>> all;
    const struct mode {
      std::vector<std::function<void()>>*& to;
      ~mode() { to = nullptr; }
    } until_the_end{recorded_ = &all};
    work();
    return all;
  }

private:
  /// As a stream that is captured: the host's part would be missing from what is replayed.
  void refuse_recording(const char* call) const {
    if (recorded_)
      throw error(call, "operation not permitted when stream is capturing", "do it before or after the work that is recorded");
  }
  float* grown(std::vector<float>& v, std::size_t count) {
    refuse_recording("memory for values on their way");
    if (v.size() < count) v.resize(count);
    return v.data();
  }

  std::vector<float> staging_, sums_;
  std::vector<std::function<void()>>* recorded_ = nullptr;
};

/// Launches, copies and zeros as a CUDA graph has them: with the arguments that they were recorded with.
class emulated_graph {
public:
  template <class F>
  emulated_graph(emulated_context& c, F&& work) : work_(c.record(work)) {}
  void launch(emulated_context&) const {
    for (const auto& f : work_) f();
  }

private:
  std::vector<std::function<void()>> work_;
};

/// Defined in launch.hpp; kept whole: other files link it.
template <class Kernel>
__attribute__((noinline, used)) void launch(emulated_context&, simt::grid, const Kernel&);

inline simt::tile_map map_tiles(emulated_context&, const simt::tiled_matrix& m) { return simt::map_tiles(m); }

struct on_host {
  using context = emulated_context;
  using buffer = host_buffer;
  using graph = emulated_graph;
  static constexpr const char* name = "emulated";
};

template <class T>
using emulated = simt_backend<on_host, T>;

}  // namespace viseme::backends
