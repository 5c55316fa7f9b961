// Every 1x1 product of the nets by both of cuda's kernels, where the GPU has both: what backends/simt/product_choices.hpp records.
#include <algorithm>
#include <memory>

#include <backends/cuda/backend.hpp>
#include <backends/simt/conv2d.hpp>
#include <bench/suite.hpp>
#include <bench/workload.hpp>
#include <tests/onnx/every_net.hpp>

namespace viseme::bench {
namespace {

using namespace backends;

cuda_context& gpu() {
  static cuda_context c;
  return c;
}

/// Forward and for the gradients of the data; behind a concatenation also by its parts, the first of which comes from below an upsampling.
std::vector<product_sizes> net_products(int batch) {
  std::vector<product_sizes> all;
  const auto add = [&](std::size_t rows, int depth, int columns) {
    const product_sizes p{std::ptrdiff_t(rows), depth, columns};
    if (depth % 8 == 0 && columns % 8 == 0 && std::ranges::find(all, p) == all.end()) all.push_back(p);
  };
  const auto on = open_device("reference");
  for (const auto& net : tests::every_net()) {
    const layer_info* before = nullptr;
    const auto layers = on->layers(net, purpose::inference, batch);
    for (const auto& l : layers) {
      const auto concatenated = std::exchange(before, &l);
      const auto& c = l.parts[0].convolution;
      if (!c || *c != conv{.in = c->in, .out = c->out, .bias = c->bias}) continue;
      add(l.output.pixels(), c->in, c->out);
      add(l.output.pixels(), c->out, c->in);
      if (!concatenated || concatenated->parts[0].kind != "concat") continue;
      add(l.output.pixels() / 4, concatenated->inputs[0].c, c->out);
      add(l.output.pixels(), concatenated->inputs[1].c, c->out);
    }
  }
  return all;
}

template <class T>
class product_run {
public:
  product_run(const product_sizes& p, product_chooser by)
      : sizes_(p),
        by_(by),
        x_(buffer(p.rows * p.depth)),
        w_(buffer(std::ptrdiff_t(p.depth) * p.columns)),
        y_(buffer(p.rows * p.columns)),
        bias_(gpu(), std::size_t(p.columns) * sizeof(float)) {
    auto& a = made_.a;
    a.gather = {{1, int(p.rows)}, {1, int(p.rows)}};
    a.rows = p.rows;
    a.depth = a.of_depth = p.depth;
    a.columns = p.columns;
    a.x = {x_.template at<T>(0), p.depth};
    a.weights = w_.template at<T>(0);
    a.y = {y_.template at<T>(0), p.columns};
    a.after = {.bias = bias_.template at<float>(0), .residual = {}, .act = simt::activation::relu};
    scratch_ = device_buffer(gpu(), made_.scratch() * sizeof(float));
    fill("x", x_.template at<T>(0), p.rows, p.depth);
    fill("weights", w_.template at<T>(0), p.columns, p.depth);
  }

  /// Of one of many behind each other, recorded together.
  double run() {
    constexpr int times = 20;
    return milliseconds([&] {
             graph_.run(gpu(), [&] {
               for (int i = 0; i < times; ++i) once();
             });
             gpu().wait();
           }) /
           times;
  }
  std::vector<float> output() {
    once();
    std::vector<float> values(std::size_t(sizes_.rows * sizes_.columns));
    cuda<T>::store(gpu(), {y_.template at<T>(0), {int(sizes_.rows), sizes_.columns, 1, 1}, layout::nhwc}, values.data());
    return values;
  }

private:
  static device_buffer buffer(std::ptrdiff_t count) { return {gpu(), std::size_t(count) * sizeof(T)}; }
  /// A few thousand rows again and again.
  static void fill(const std::string& name, T* to, std::ptrdiff_t rows, int columns) {
    const int different = int(std::min<std::ptrdiff_t>(rows, 4096));
    const auto values = input_values(name, std::size_t(different) * columns);
    for (std::ptrdiff_t row = 0; row < rows; row += different) {
      const int now = int(std::min<std::ptrdiff_t>(different, rows - row));
      cuda<T>::load(gpu(), values.data(), {to + row * columns, {now, columns, 1, 1}, layout::nhwc});
    }
  }
  void once() {
    gpu().choose_product = by_;
    made_.run(gpu(), scratch_.template at<float>(0));
  }

  product_sizes sizes_;
  product_chooser by_;
  device_buffer x_, w_, y_, bias_, scratch_;
  simt_product<on_device, T> made_;
  recording<cuda<T>> graph_;
};

template <class T>
case_result measure(const setting& s, const product_sizes& p, const std::string& name) {
  product_run<T> mma(p, [](const product_sizes&) { return product_kernel::mma; }),
      wgmma(p, [](const product_sizes&) { return product_kernel::wgmma; });
  case_result result;
  result.name = name;
  result.flops = 2.0 * double(p.rows) * p.depth * p.columns;
  result.bytes = double(sizeof(T)) * (double(p.rows) * (p.depth + p.columns) + double(p.depth) * p.columns);
  result.cold_ms = mma.run();
  result.peers.push_back({"wgmma", {}, 0, largest_difference(mma.output(), wgmma.output())});
  for (int warm = 0; warm < 3; ++warm) mma.run(), wgmma.run();
  const std::vector<timed_run> contestants{[&] { return mma.run(); }, [&] { return wgmma.run(); }};
  const auto times = interleave(contestants, s.seconds / 100);
  result.times = times[0];
  result.peers[0].times = times[1];
  return result;
}

}  // namespace

std::vector<suite_case> product_suite(const setting& with) {
  std::vector<suite_case> suite;
  if (with.on->backend() != "cuda" || with.scalar == dtype::fp32 || !gpu().has_wgmma()) return suite;
  for (const int batch : {1, 32})
    for (const auto& p : net_products(batch)) {
      const auto name =
          "product/" + std::to_string(p.rows) + "x" + std::to_string(p.depth) + "x" + std::to_string(p.columns) + "/" + text(with.scalar);
      if (std::ranges::find(suite, name, &suite_case::name) != suite.end()) continue;
      suite.push_back(
          {name, [p, name](setting& s) { return s.scalar == dtype::bf16 ? measure<bf16>(s, p, name) : measure<fp16>(s, p, name); }});
    }
  return suite;
}

}  // namespace viseme::bench
