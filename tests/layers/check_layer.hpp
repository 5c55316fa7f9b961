// One line tests one layer: gradients against finite differences, cpu against reference, both ways of writing gradients.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include <backends/cpu/precompiled.hpp>
#include <viseme/run/steps.hpp>

namespace viseme::tests {

using truth = backends::reference<double>;
using fast = backends::cpu<float>;
using numbers = std::vector<double>;

template <class B>
typename B::context& context() {
  static typename B::context c(std::is_same_v<typename B::buffer, host_buffer> ? 2 : 0);  // threads, or the first device
  return c;
}

/// What a layer or a fused group is given, in NCHW order. All numbers are exact in float.
struct layer_case {
  std::vector<shape> sizes;
  shape out;
  std::vector<parameter> kinds;
  std::vector<numbers> x, parameters;
  numbers d_out;
  bool training = false;  // batch statistics
};

/// And what it gives: outputs, gradients, and its parameters afterwards (running statistics move).
struct layer_result {
  numbers out;
  std::vector<numbers> d_x, d_parameters, parameters;
};

/// Numbers with magnitudes in [0.05, 1), away from the kinks of activations.
inline numbers random_numbers(std::size_t count, std::mt19937& generator) {
  std::uniform_real_distribution<float> magnitude(0.05f, 1.0f);
  numbers v(count);
  for (auto& x : v) x = generator() % 2 ? magnitude(generator) : -magnitude(generator);
  return v;
}

/// Scales of norms and variances are positive.
inline numbers random_parameter(const parameter& p, std::mt19937& generator) {
  auto v = random_numbers(p.count(), generator);
  if (p.rank == 1 && p.leaf.view() != "bias" && p.leaf.view() != "running_mean")
    for (auto& x : v) x = 0.5 + std::abs(x);
  return v;
}

inline shapes only(shape s) {
  shapes one;
  one.in[0] = s;
  one.count = 1;
  return one;
}

template <class First, class... Rest>
layer_case make_case(const std::vector<shape>& sizes, bool training) {
  std::mt19937 generator(7);
  layer_case k{.sizes = sizes, .out = {}, .kinds = {}, .x = {}, .parameters = {}, .d_out = {}, .training = training};
  shapes in;
  in.count = sizeof...(Rest) ? 1 : int(sizes.size());
  for (int i = 0; i < in.count; ++i) in.in[i] = sizes[i];
  k.out = First::out(in);
  ((k.out = Rest::out(only(k.out))), ...);
  const auto append = [&](const auto& parameters) { k.kinds.insert(k.kinds.end(), parameters.begin(), parameters.end()); };
  append(First::parameters);
  (append(Rest::parameters), ...);
  for (auto s : sizes) k.x.push_back(random_numbers(s.count(), generator));
  for (const auto& p : k.kinds) k.parameters.push_back(random_parameter(p, generator));
  k.d_out = random_numbers(k.out.count(), generator);
  return k;
}

/// Memory of a backend, aligned as an engine's, full of NaN until written.
template <class B, class T = typename B::scalar>
struct block {
  using number = master_of<T>;
  std::size_t count;
  typename B::buffer buffer;
  T* data;

  explicit block(std::size_t n) : block(as_stored{}, std::vector<T>(n, T(std::numeric_limits<number>::quiet_NaN()))) {}
  explicit block(const numbers& values) : block(as_stored{}, converted(values)) {}
  block(const numbers& values, shape s) : block(as_stored{}, ordered(values, s)) {}
  numbers values() const {
    numbers v;
    for (T x : on_host()) v.push_back(double(number(x)));
    return v;
  }
  numbers values(shape s) const {
    std::vector<number> v(count);
    const auto here = on_host();
    copy(view<const T>{here.data(), s, B::preferred}, view<number>{v.data(), s, layout::nchw});
    return {v.begin(), v.end()};
  }

private:
  struct as_stored {};
  block(as_stored, const std::vector<T>& values)
      : count(values.size()), buffer(context<B>(), std::max<std::size_t>(count, 1) * sizeof(T)), data(buffer.template at<T>(0)) {
    context<B>().upload(data, values.data(), count * sizeof(T));
  }
  static std::vector<T> converted(const numbers& values) {
    std::vector<T> v;
    for (double x : values) v.push_back(T(number(x)));
    return v;
  }
  static std::vector<T> ordered(const numbers& values, shape s) {
    const auto in_order = converted(values);
    std::vector<T> v(values.size());
    copy(view<const T>{in_order.data(), s, layout::nchw}, view<T>{v.data(), s, B::preferred});
    return v;
  }
  std::vector<T> on_host() const {
    std::vector<T> v(count);
    context<B>().download(v.data(), data, count * sizeof(T));
    return v;
  }
};

/// Forward, and backward where the op has it. `before` is in the gradients' memory and is added to; without it input gradients are
/// overwritten. Backward gets nothing but what the op says that it reads.
template <class B>
layer_result run(const step<B>& op, const layer_case& k, std::optional<double> before = {}) {
  using T = typename B::scalar;
  using masters = block<B, master_of<T>>;
  std::vector<block<B>> x, d_x;
  std::vector<masters> parameters, d_parameters;
  block<B> out(k.out.count()), d_out(k.d_out, k.out);
  masters statistics(op.reads.statistics), packed(op.packed(context<B>()));
  forward_call<T> f;
  backward_call<T> b;
  f.inputs = b.inputs = int(k.sizes.size());
  for (int i = 0; i < f.inputs; ++i) {
    x.emplace_back(k.x[i], k.sizes[i]);
    f.in[i] = {x[i].data, k.sizes[i], B::preferred};
    if (before) d_x.emplace_back(numbers(k.sizes[i].count(), *before));
    else d_x.emplace_back(k.sizes[i].count());
    b.in[i] = {op.reads.input ? x[i].data : nullptr, k.sizes[i], B::preferred};
    b.d_in[i] = {d_x[i].data, k.sizes[i], B::preferred};
    b.write[i] = before ? gradient_write::accumulate : gradient_write::overwrite;
  }
  for (std::size_t i = 0; i < k.kinds.size(); ++i) {
    parameters.emplace_back(k.parameters[i]);
    d_parameters.emplace_back(numbers(k.kinds[i].count(), before.value_or(0)));
    f.parameters[i] = b.parameters[i] = parameters[i].data;
    b.d_parameters[i] = k.kinds[i].trainable ? d_parameters[i].data : nullptr;
  }
  f.out = {out.data, k.out, B::preferred};
  if (k.training) b.statistics = f.statistics = statistics.data;
  if (op.pack) op.pack(context<B>(), f.parameters, packed.data), f.packed = packed.data;
  masters forward_scratch(op.scratch_forward(context<B>(), f.sizes())), backward_scratch(op.scratch_backward(context<B>(), f.sizes()));
  f.scratch = forward_scratch.data;
  masters kept(op.kept(context<B>(), f.sizes()));
  b.kept = f.kept = kept.data;
  op.forward(context<B>(), f);

  layer_result r;
  r.out = out.values(k.out);
  for (const auto& p : parameters) r.parameters.push_back(p.values());
  if (!op.backward) return r;
  b.out = {op.reads.output ? out.data : nullptr, k.out, B::preferred};
  b.d_out = {d_out.data, k.out, B::preferred};
  b.scratch = backward_scratch.data;
  op.backward(context<B>(), b);
  for (std::size_t i = 0; i < k.sizes.size(); ++i) r.d_x.push_back(d_x[i].values(k.sizes[i]));
  for (const auto& d : d_parameters) r.d_parameters.push_back(d.values());
  return r;
}

template <class Layer, class B, purpose P = purpose::inference>
step<B> step_of() {
  return viseme::detail::step_of<Layer, B, B, P>({}, {}, 0);
}

/// Largest difference within `tolerance` of the largest expected magnitude.
inline void check_near(const std::string& what, const numbers& have, const numbers& want, double tolerance, double floor = 1e-6) {
  BOOST_REQUIRE_EQUAL(have.size(), want.size());
  double worst = 0, range = floor;
  for (std::size_t i = 0; i < have.size(); ++i) {
    const double off = std::abs(have[i] - want[i]);
    worst = std::isnan(off) ? off : std::max(worst, off);
    range = std::max(range, std::abs(want[i]));
    if (std::isnan(worst)) break;
  }
  BOOST_TEST(worst <= tolerance * range, what << ": off by " << worst << " of " << range);
}

inline void check_near(const layer_result& have, const layer_result& want, double forward, double backward) {
  check_near("output", have.out, want.out, forward);
  for (std::size_t i = 0; i < have.parameters.size(); ++i) check_near("parameter " + std::to_string(i), have.parameters[i], want.parameters[i], forward);
  for (std::size_t i = 0; i < have.d_x.size(); ++i) check_near("gradient of input " + std::to_string(i), have.d_x[i], want.d_x[i], backward);
  for (std::size_t i = 0; i < have.d_parameters.size(); ++i)
    check_near("gradient of parameter " + std::to_string(i), have.d_parameters[i], want.d_parameters[i], backward, 1e-3);
}

/// Derivative of sum(d_out x output) by one number of the case, by central differences.
inline double difference(const step<truth>& op, const layer_case& k, double& number) {
  constexpr double h = 1e-5;
  const double at = number;
  number = at + h;
  const auto above = run(op, k).out;
  number = at - h;
  const auto below = run(op, k).out;
  number = at;
  double sum = 0;
  for (std::size_t i = 0; i < above.size(); ++i) sum += k.d_out[i] * (above[i] - below[i]);
  return sum / (2 * h);
}

/// A few numbers of a tensor; the last one among them.
inline void check_differences(const std::string& what, const step<truth>& op, const layer_case& k, numbers& tensor, const numbers& gradient) {
  constexpr std::size_t samples = 6;
  double range = 0;
  for (double g : gradient) range = std::max(range, std::abs(g));
  for (std::size_t s = 0; s < std::min(samples, tensor.size()); ++s) {
    const std::size_t i = (s * 7919 + tensor.size() - 1) % tensor.size();
    const double want = difference(op, k, tensor[i]);
    BOOST_TEST(std::abs(gradient[i] - want) <= 1e-6 * range + 1e-8, what << "[" << i << "]: " << gradient[i] << ", finite differences say " << want);
  }
}

inline void check_differences(const step<truth>& op, layer_case k, const layer_result& r) {
  for (std::size_t i = 0; i < k.x.size(); ++i) check_differences("input " + std::to_string(i), op, k, k.x[i], r.d_x[i]);
  for (std::size_t i = 0; i < k.parameters.size(); ++i)
    if (k.kinds[i].trainable) check_differences("parameter " + std::to_string(i), op, k, k.parameters[i], r.d_parameters[i]);
}

/// Adding gradients to what is there gives that and the gradients.
template <class B>
void check_accumulation(const step<B>& op, const layer_case& k, const layer_result& overwritten,
                        double tolerance = 8 * std::numeric_limits<typename B::scalar>::epsilon()) {
  constexpr double before = 0.5;
  auto sum = run(op, k, before);
  const auto check = [&](const std::string& what, numbers have, numbers want) {
    for (auto& w : want) w += before;
    check_near(what, have, want, tolerance);
  };
  for (std::size_t i = 0; i < sum.d_x.size(); ++i) check("added gradient of an input", sum.d_x[i], overwritten.d_x[i]);
  for (std::size_t i = 0; i < sum.d_parameters.size(); ++i)
    if (k.kinds[i].trainable) check("added gradient of a parameter", sum.d_parameters[i], overwritten.d_parameters[i]);
}

constexpr const char* mode_of(bool training) { return training ? "batch statistics" : "running statistics"; }

/// Everything about one layer at the given input sizes.
template <class Layer>
void check_layer(const std::vector<shape>& sizes) {
  const auto exact = step_of<Layer, truth>();
  const auto quick = step_of<Layer, fast>();
  for (const bool training : {false, true}) {
    if (training && !exact.reads.statistics) continue;
    BOOST_TEST_CONTEXT("input " << text(sizes[0]) << ", " << mode_of(training)) {
      const auto k = make_case<Layer>(sizes, training);
      const auto want = run(exact, k);
      check_differences(exact, k, want);
      check_accumulation(exact, k, want);
      const auto have = run(quick, k);
      check_near(have, want, 1e-5, 1e-4);
      check_accumulation(quick, k, have);
    }
  }
}

/// The layers of a group one after the other; each sum takes the next input of the group.
template <class... Layers>
layer_result run_parts(const layer_case& k) {
  constexpr int count = sizeof...(Layers);
  const step<truth> ops[]{step_of<Layers, truth>()...};
  const std::size_t sizes[]{Layers::parameters.size()...};
  const bool sums[]{std::is_same_v<Layers, add>...};
  std::vector<layer_case> parts(count);
  std::vector<layer_result> results(count);
  layer_result whole;
  shape (*const out_of[])(shapes){+[](shapes s) -> shape { return Layers::out(s); }...};
  shape in = k.sizes[0];
  for (std::size_t i = 0, first = 0, extra = 1; i < count; first += sizes[i++]) {
    auto& p = parts[i];
    const shape out = out_of[i](only(in));
    p = {.sizes = {in},
         .out = out,
         .kinds = {},
         .x = {i ? results[i - 1].out : k.x[0]},
         .parameters = {},
         .d_out = numbers(out.count()),
         .training = k.training && ops[i].reads.statistics};
    p.kinds.assign(k.kinds.begin() + first, k.kinds.begin() + first + sizes[i]);
    p.parameters.assign(k.parameters.begin() + first, k.parameters.begin() + first + sizes[i]);
    if (sums[i]) p.sizes.push_back(k.sizes[extra]), p.x.push_back(k.x[extra]), ++extra;
    results[i] = run(ops[i], p);
    in = out;
    whole.parameters.insert(whole.parameters.end(), results[i].parameters.begin(), results[i].parameters.end());
  }
  whole.out = results.back().out;
  numbers d_out = k.d_out;
  std::vector<numbers> d_extra;
  for (int i = count - 1; i >= 0; --i) {
    parts[i].d_out = d_out;
    const auto r = run(ops[i], parts[i]);
    whole.d_parameters.insert(whole.d_parameters.begin(), r.d_parameters.begin(), r.d_parameters.end());
    if (sums[i]) d_extra.insert(d_extra.begin(), r.d_x[1]);
    d_out = r.d_x[0];
  }
  whole.d_x = {d_out};
  whole.d_x.insert(whole.d_x.end(), d_extra.begin(), d_extra.end());
  return whole;
}

/// A group of the cpu backend against its layers one by one.
template <class... Layers>
void check_fused(const std::vector<shape>& sizes, const step<fast>& group = step_of<fused<Layers...>, fast>()) {
  for (const bool training : {false, true}) {
    if (training && !group.backward) continue;
    BOOST_TEST_CONTEXT("input " << text(sizes[0]) << ", " << mode_of(training)) {
      const auto k = make_case<Layers...>(sizes, training);
      const auto have = run(group, k);
      check_near(have, run_parts<Layers...>(k), 1e-5, 1e-4);
      if (group.backward) check_accumulation(group, k, have);
    }
  }
}

/// The op that training takes of a group, likewise.
template <class... Layers>
void check_trained(const std::vector<shape>& sizes) {
  check_fused<Layers...>(sizes, step_of<fused<Layers...>, fast, purpose::training>());
}

}  // namespace viseme::tests
