// One line tests one layer of the simt ops in float, bf16 and fp16 against reference in double: emulated, where the order of threads must not change a
// bit, or in programs of their own on a GPU (VISEME_TEST_CUDA), of them one with the libraries' convolutions (VISEME_TEST_CUDNN too).
#pragma once

#if defined(VISEME_TEST_CUDNN)
#include <backends/cudnn/cudnn.hpp>
#elif defined(VISEME_TEST_CUDA)
#include <backends/cuda/backend.hpp>
#else
#include <backends/emulated/backend.hpp>
#endif
#include <backends/simt/simt.hpp>
#include <kernels/simt/host.hpp>
#include <cstdlib>
#include <iostream>

#include <tests/layers/check_layer.hpp>

namespace viseme::tests {

#if defined(VISEME_TEST_CUDA)
using place = backends::on_device;

/// Without a GPU the program skips by name.
struct gpu {
  gpu() {
    int count = 0;
    const bool found = cudaGetDeviceCount(&count) == cudaSuccess && count;
    if (found && libraries()) return;
    std::cout << "skipped: needs " << (found ? "cuDNN" : "a GPU") << std::endl;
    std::exit(0);
  }
#if defined(VISEME_TEST_CUDNN)
  static bool libraries() {
    try {
      backends::cudnn_library();
      backends::cublaslt_library();
      return true;
    } catch (const error&) {
      return false;
    }
  }
#else
  static bool libraries() { return true; }
#endif
};
BOOST_TEST_GLOBAL_FIXTURE(gpu);
#else
using place = backends::on_host;
#endif
#if defined(VISEME_TEST_CUDNN)
template <class T>
using under_test = backends::cudnn<T>;
#else
template <class T>
using under_test = backends::simt_backend<place, T>;
#endif

/// f() for each order of threads that can be had.
template <class B, class F>
void in_every_order(F&& f) {
  if constexpr (requires { context<B>().launcher; }) {
    for (auto order : {simt::lane_order::reverse, simt::lane_order::shuffled, simt::lane_order::forward}) {
      context<B>().launcher.set_order(order);
      f();
    }
  } else {
    f();
  }
}

/// Largest error of a layer's numbers, in parts of the largest of them: the project's bars for float, roundings of storage for the others.
struct bars {
  double forward, backward, sum;
};
template <class T>
constexpr bars bars_of() {
  if constexpr (std::is_same_v<T, bf16>) return {0x1p-7, 0x1p-6, 0x1p-7};
  else if constexpr (std::is_same_v<T, fp16>) return {0x1p-10, 0x1p-9, 0x1p-10};
  else return {1e-5, 1e-4, 1e-6};
}

template <class T>
constexpr const char* scalar_name() {
  if constexpr (std::is_same_v<T, bf16>) return "bf16";
  else if constexpr (std::is_same_v<T, fp16>) return "fp16";
  else return "float";
}

/// The case with its activations, and the weights of convolutions, as T has them.
template <class T>
layer_case rounded(layer_case k) {
  const auto round = [](numbers& v) {
    for (auto& x : v) x = double(float(T(float(x))));
  };
  for (auto& x : k.x) round(x);
  round(k.d_out);
  for (std::size_t i = 0; i < k.kinds.size(); ++i)
    if (k.kinds[i].rank == 4) round(k.parameters[i]);
  return k;
}

inline bool same_bits(const layer_result& a, const layer_result& b) {
  return a.out == b.out && a.d_x == b.d_x && a.d_parameters == b.d_parameters && a.parameters == b.parameters;
}

/// `op` on `k` in all orders of threads against `want`.
template <class T>
void check_simt(const step<under_test<T>>& op, const layer_case& k, const layer_result& want) {
  using B = under_test<T>;
  const bars bar = bars_of<T>();
  const auto have = run(op, k);
  check_near(have, want, bar.forward, bar.backward);
  if (op.backward) check_accumulation(op, k, have, bar.sum);
  in_every_order<B>([&] { BOOST_TEST(same_bits(run(op, k), have), "results depend on the order of threads"); });
}

template <class F>
void for_each_scalar(F&& f) {
  const auto with = [&]<class T>(T t) { BOOST_TEST_CONTEXT(scalar_name<T>()) f(t); };
  with(float{});
  with(bf16{});
  with(fp16{});
}

/// Everything about one layer at the given input sizes.
template <class Layer>
void check_simt_layer(const std::vector<shape>& sizes) {
  const auto exact = step_of<Layer, truth>();
  for_each_scalar([&]<class T>(T) {
    for (const bool training : {false, true}) {
      if (training && !exact.reads.statistics) continue;
      BOOST_TEST_CONTEXT("input " << text(sizes[0]) << ", " << mode_of(training)) {
        const auto k = rounded<T>(make_case<Layer>(sizes, training));
        check_simt<T>(step_of<Layer, under_test<T>>(), k, run(exact, k));
      }
    }
  });
}

/// A fused group against its layers one by one.
template <class... Layers>
void check_simt_fused(const std::vector<shape>& sizes) {
  for_each_scalar([&]<class T>(T) {
    const auto group = step_of<fused<Layers...>, under_test<T>>();
    for (const bool training : {false, true}) {
      if (training && !group.backward) continue;
      BOOST_TEST_CONTEXT("input " << text(sizes[0]) << ", " << mode_of(training)) {
        const auto k = rounded<T>(make_case<Layers...>(sizes, training));
        check_simt<T>(group, k, run_parts<Layers...>(k));
      }
    }
  });
}

}  // namespace viseme::tests
