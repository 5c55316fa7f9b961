// L1, MSE, and BCE on the cosine of two embeddings.
#pragma once

#include <numeric>
#include <vector>

#include <backends/simt/normalize.hpp>
#include <kernels/simt/losses.hpp>
#include <viseme/losses/losses.hpp>

namespace viseme {
namespace backends {

/// The context has `sums(count)`: floats of the place's memory for partial sums, valid until the next call.
template <class P, class T>
struct simt_losses {
  using context = typename P::context;

  static double difference(context& c, const loss_call<T>& call, bool squared) {
    constexpr int pixels_of_a_thread = 4, enough_blocks = 1024;
    const auto w = simt_walk<T>::elements(call.a.size, pixels_of_a_thread, {call.a, call.b, call.d_a, call.d_b}, enough_blocks);
    const auto blocks = w.tiles().blocks();
    float* sums = c.sums(std::size_t(blocks.x) * blocks.y);
    const double count = double(call.a.size.count());
    w.template run<simt::difference_loss>(c, w(call.a), w(call.b), w(call.d_a), w(call.d_b), simt_writing(call.write_a),
                                          simt_writing(call.write_b), squared, float(call.weight / count), sums);
    return total(c, sums, std::size_t(blocks.x) * blocks.y) / count;
  }
  static double cosine(context& c, const loss_call<T>& call) {
    const int samples = call.a.size.n;
    float* losses = c.sums(std::size_t(samples));
    launch_on_samples<simt::cosine_bce, T>(c, call.a.size, std::tuple(call.a, call.b, call.d_a, call.d_b), simt_writing(call.write_a),
                                           simt_writing(call.write_b), float(call.weight / samples), call.labels, losses);
    return total(c, losses, std::size_t(samples)) / samples;
  }

private:
  static double total(context& c, const float* sums, std::size_t count) {
    std::vector<float> here(count);
    c.download(here.data(), sums, count * sizeof(float));
    return std::accumulate(here.begin(), here.end(), 0.0);
  }
};

}  // namespace backends

template <class P, class T>
struct op<l1_loss, backends::simt_backend<P, T>> {
  static double run(typename P::context& c, const loss_call<T>& call) { return backends::simt_losses<P, T>::difference(c, call, false); }
};
template <class P, class T>
struct op<mse_loss, backends::simt_backend<P, T>> {
  static double run(typename P::context& c, const loss_call<T>& call) { return backends::simt_losses<P, T>::difference(c, call, true); }
};
template <class P, class T>
struct op<cosine_bce_loss, backends::simt_backend<P, T>> {
  static double run(typename P::context& c, const loss_call<T>& call) { return backends::simt_losses<P, T>::cosine(c, call); }
};

}  // namespace viseme
