// Every pass of every dense convolution of the nets, by the library that backends/cudnn/choices.hpp chooses and, as its peers, by
// the others that can.
#include <map>
#include <memory>

#include <backends/cudnn/cudnn.hpp>
#include <bench/suite.hpp>
#include <bench/workload.hpp>
#include <tests/cudnn/net_tasks.hpp>

namespace viseme::bench {
namespace {

using namespace backends;

/// That chooses `always`. One each: opening the libraries takes a while.
cudnn_context& context_of(convolution_library always) {
  static std::map<convolution_library, cudnn_context> all;
  return all.try_emplace(always, 0, [always](const convolution_task&) { return always; }).first->second;
}

template <class T>
class convolution_run {
public:
  using on_gpu = cudnn<T>;

  convolution_run(const convolution_task& t, convolution_library by)
      : task_(t),
        by_(by),
        c_(context_of(by)),
        on_{t.s},
        x_(c_, t.x.count() * sizeof(T)),
        y_(c_, t.y.count() * sizeof(T)),
        dx_(c_, t.x.count() * sizeof(T)),
        weights_(c_, on_.weight_count() * sizeof(float)),
        d_weights_(c_, on_.weight_count() * sizeof(float)),
        bias_(c_, std::size_t(t.s.out) * sizeof(float)),
        packed_(c_, on_.packed_size() * sizeof(float)) {
    fill("x", x());
    c_.upload(weights_.data(), input_values("weights", on_.weight_count()).data(), on_.weight_count() * sizeof(float));
    on_.pack(c_, weights_.at<float>(0), bias_.at<float>(0), {}, packed_.at<float>(0));
    const call_shapes sizes{.in = {.in = {t.x}, .count = 1}, .out = t.y};
    const auto scratch = forward() ? on_.forward_scratch(c_, sizes, relu{}, false) : on_.backward_scratch(c_, sizes);
    scratch_ = device_buffer(c_, scratch * sizeof(float));
    if (!forward()) fill("y", y());
  }

  convolution_library by() const { return by_; }
  bool has_plan() const { return by_ == convolution_library::cuda || !std::holds_alternative<std::monostate>(c_.plan(task_)); }

  /// Of one of many behind each other, recorded together.
  double run() {
    constexpr int times = 20;
    return milliseconds([&] {
             graph_.run(c_, [&] {
               for (int i = 0; i < times; ++i) once();
             });
             c_.wait();
           }) / times;
  }
  std::vector<float> output() {
    c_.zero(d_weights_.data(), d_weights_.bytes());
    once();
    std::vector<float> values(forward() ? task_.y.count() : of_weights() ? on_.weight_count() : task_.x.count());
    if (of_weights()) c_.download(values.data(), d_weights_.data(), values.size() * sizeof(float));
    else on_gpu::store(c_, forward() ? y() : dx(), values.data());
    return values;
  }

private:
  bool forward() const { return task_.pass == convolution_pass::forward; }
  bool of_weights() const { return task_.pass == convolution_pass::weight_gradient; }
  view<T> x() const { return {x_.at<T>(0), task_.x, layout::nhwc}; }
  view<T> y() const { return {y_.at<T>(0), task_.y, layout::nhwc}; }
  view<T> dx() const { return {dx_.at<T>(0), task_.x, layout::nhwc}; }

  /// Every image the same.
  void fill(const std::string& name, view<T> v) {
    shape one = v.size;
    one.n = 1;
    const auto values = input_values(name, one.count());
    for (int n = 0; n < v.size.n; ++n) on_gpu::load(c_, values.data(), {v.data + n * v.step.n, one, layout::nhwc});
  }

  void once() {
    if (forward()) {
      forward_call<T> call;
      call.in[0] = x();
      call.inputs = 1;
      call.out = y();
      call.packed = packed_.at<float>(0);
      call.scratch = scratch_.at<float>(0);
      return on_.forward(c_, call, relu{}, false);
    }
    backward_call<T> call;
    call.in[0] = x();
    call.inputs = 1;
    call.d_out = y();
    if (of_weights()) call.d_parameters[0] = d_weights_.at<float>(0);
    else call.d_in[0] = dx();
    call.parameters[0] = weights_.at<float>(0);
    call.scratch = scratch_.at<float>(0);
    on_.backward(c_, call);
  }

  convolution_task task_;
  convolution_library by_;
  cudnn_context& c_;
  cudnn_convolution<T> on_;
  device_buffer x_, y_, dx_, weights_, d_weights_, bias_, packed_, scratch_;
  recording<on_gpu> graph_;
};

template <class T>
case_result measure(const setting& s, const convolution_task& t, const std::string& name) {
  std::vector<std::unique_ptr<convolution_run<T>>> runs{};
  const auto chosen = choose(t);
  runs.push_back(std::make_unique<convolution_run<T>>(t, chosen));
  for (const auto l : convolution_libraries)
    if (l != chosen && computes(l, t))
      if (auto other = std::make_unique<convolution_run<T>>(t, l); other->has_plan()) runs.push_back(std::move(other));

  case_result result;
  result.name = name;
  if (!runs[0]->has_plan()) result.fallbacks = {text(t)};
  result.flops = 2.0 * double(t.y.count()) * t.s.in * t.s.kernel.h * t.s.kernel.w;
  result.bytes = double(sizeof(T)) * double(t.x.count() + t.y.count() + std::size_t(t.s.out) * t.s.in * t.s.kernel.h * t.s.kernel.w);
  result.cold_ms = runs[0]->run();
  const auto output = runs[0]->output();
  std::vector<timed_run> contestants;
  for (const auto& r : runs) {
    if (r != runs[0]) result.peers.push_back({text(r->by()), {}, 0, largest_difference(output, r->output())});
    for (int warm = 0; warm < 3; ++warm) r->run();
    contestants.push_back([&run = *r] { return run.run(); });
  }
  const auto times = interleave(contestants, s.seconds / 100);
  result.times = times[0];
  for (std::size_t i = 1; i < times.size(); ++i) result.peers[i - 1].times = times[i];
  return result;
}

}  // namespace

std::vector<suite_case> convolution_suite(const setting& with) {
  std::vector<suite_case> suite;
  if (with.on->backend() != "cudnn") return suite;
  for (const int batch : {1, 32})
    for (const auto& t : tests::net_tasks(with.scalar, batch)) {
      if (batch == 1 && t.pass != convolution_pass::forward) continue;
      const auto name = "convolution/" + text(t);
      suite.push_back({name, [t, name](setting& s) {
                         switch (t.type) {
                           case dtype::bf16: return measure<bf16>(s, t, name);
                           case dtype::fp16: return measure<fp16>(s, t, name);
                           default: return measure<float>(s, t, name);
                         }
                       }});
    }
  return suite;
}

}  // namespace viseme::bench
