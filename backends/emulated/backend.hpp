// The GPU's kernels on the host, for tests and for looking into them: slow, and strict (kernels/simt/host.hpp).
#pragma once

#include <backends/reference/backend.hpp>
#include <backends/simt/backend.hpp>
#include <backends/simt/product_choices.hpp>
#include <kernels/simt/host.hpp>
#include <viseme/optim/loss_scaling.hpp>

namespace viseme::backends {

struct emulated_context : host_context {
  simt::host_launcher launcher;
  loss_scaling scaling;  // of all nets in fp16

  product_chooser choose_product = recorded_choice_of;

  explicit emulated_context(int count) : host_context(count), launcher(threads) {}
  bool has_wgmma() const { return true; }

  template <class Read>
  void send(const float* values, std::size_t count, Read&& read) {
    float* sent = staging(count);
    upload(sent, values, count * sizeof(float));
    read(static_cast<const float*>(sent));
  }
  float* staging(std::size_t count) { return grown(staging_, count); }
  float* sums(std::size_t count) { return grown(sums_, count); }

private:
  static float* grown(std::vector<float>& v, std::size_t count) {
    if (v.size() < count) v.resize(count);
    return v.data();
  }

  std::vector<float> staging_, sums_;
};

/// Defined in launch.hpp; kept whole: other files link it.
template <class Kernel>
__attribute__((noinline, used)) void launch(emulated_context&, simt::grid, const Kernel&);

inline simt::tile_map map_tiles(emulated_context&, const simt::tiled_matrix& m) { return simt::map_tiles(m); }

struct on_host {
  using context = emulated_context;
  using buffer = host_buffer;
  static constexpr const char* name = "emulated";
};

template <class T>
using emulated = simt_backend<on_host, T>;

}  // namespace viseme::backends
