// Engine and training graph of any net on one backend behind the runner's interfaces. Instantiated once a backend, in backends/*/instantiate.
#pragma once

#include <chrono>

#include <viseme/optim/loss_scaling.hpp>
#include <viseme/run/engine.hpp>
#include <viseme/run/factory.hpp>
#include <viseme/run/fitting_batch.hpp>
#include <viseme/run/kept_values.hpp>
#include <viseme/run/net_painter.hpp>
#include <viseme/run/training_graph.hpp>

namespace viseme {

namespace detail {

inline std::vector<shape> input_shapes(const graph::net_table& net, int batch, size2 image) {
  require(batch > 0, "batch", "it is " + std::to_string(batch), "give at least 1");
  auto s = default_input_shapes(net, batch);
  if (image.h) s[0].h = image.h, s[0].w = image.w;
  return s;
}

inline void require_size(std::size_t have, shape want, const std::string& key) {
  if (have != want.count()) throw error("value '" + key + "'", std::to_string(have) + " numbers for " + text(want), "give an array of that shape");
}

/// Where the context knows how much of its device's memory is free: throws `error` for a batch that does not fit.
template <class B, class Options, class BytesOf>
void require_memory(const typename B::context& c, const Options& o, BytesOf&& bytes_of) {
  if constexpr (requires { c.free_memory(); })
    require_fitting_batch(
        o.batch, c.free_memory(),
        [&, tried = o](int batch) mutable {
          tried.batch = batch;
          return bytes_of(tried);
        },
        std::string("use a narrower net (--width mobile), ") + (sizeof(typename B::scalar) > 2 ? "--dtype bf16 " : "") +
            "or another backend");
}

template <class B>
class net_session final : public session {
public:
  net_session(shared_context<B> context, std::shared_ptr<const prepared_weights<B>> weights, const session_options& o)
      : context_(std::move(context)), cut_(complete(weights->net().net, o.cut)),
        engine_(*context_, weights, input_shapes(weights->net().net, o.batch, o.image), cut_),
        kept_(kept_views(), o.keep_as), chosen_(*context_, sizeof(std::byte*)) {}

  /// Memory that such a session takes.
  static std::size_t bytes(typename B::context& context, const program<B>& net, const session_options& o) {
    return engine<B>::bytes(context, net, input_shapes(net.net, o.batch, o.image), complete(net.net, o.cut));
  }

  std::vector<value_info> inputs() const override {
    std::vector<value_info> all;
    for (const auto& key : cut_.from) all.push_back({key, engine_.input(key).size});
    return all;
  }
  std::vector<value_info> outputs() const override {
    std::vector<value_info> all;
    for (const auto& key : cut_.to) all.push_back({key, engine_.output(key).size});
    return all;
  }
  void write(const std::string& key, std::span<const float> nchw) override {
    const auto to = engine_.input(key);
    require_size(nchw.size(), to.size, key);
    B::load(*context_, nchw.data(), to);
  }
  void read(const std::string& key, std::span<float> nchw) const override {
    const auto from = engine_.output(key);
    require_size(nchw.size(), from.size, key);
    B::store(*context_, from, nchw.data());
  }
  void run() override {
    run_.run(*context_, [this] { engine_.run(); });
  }
  void wait() override { context_->wait(); }
  std::vector<layer_info> layers() const override { return engine_.layers(); }
  void run(std::span<double> milliseconds) override {
    using clock = std::chrono::steady_clock;
    std::size_t i = 0;
    context_->wait();
    engine_.run([&](auto&& forward) {
      const auto start = clock::now();
      forward();
      context_->wait();
      if (i < milliseconds.size()) milliseconds[i++] = std::chrono::duration<double, std::milli>(clock::now() - start).count();
    });
  }
  std::unique_ptr<const kept_values> keep() const override { return kept_.keep(*context_); }
  std::size_t kept_bytes() const override { return kept_.bytes(); }
  void resume(const kept_values& from) override {
    const std::byte* const kept = kept_.storage(from);
    context_->upload(chosen_.data(), &kept, sizeof kept);
    resume_.run(*context_, [this] { resume(chosen_.template at<const std::byte*>(0)); });
  }
  std::unique_ptr<frame_painter> make_painter(const frame_options& o) override {
    if constexpr (runs_on<painting, B>)
      return std::make_unique<net_painter<B>>(
          context_,
          painted_net<typename B::scalar>{.image = engine_.input("image"),
                                          .output = engine_.output("output"),
                                          .run = [this] { engine_.run(); },
                                          .resume = [this](const std::byte* const* kept) { resume(kept); },
                                          .storage = [this](const kept_values& from) { return kept_.storage(from); }},
          o);
    else return nullptr;
  }
  std::size_t memory_bytes() const override { return engine_.arena_bytes(); }

private:
  std::vector<view<typename B::scalar>> kept_views() const {
    std::vector<view<typename B::scalar>> all;
    for (const auto& key : cut_.keep) all.push_back(engine_.output(key));
    return all;
  }
  void resume(const std::byte* const* kept) {
    kept_.load(*context_, kept);
    engine_.resume();
  }
  static viseme::cut complete(const graph::net_table& net, viseme::cut c) {
    if (c.from.empty())
      for (const auto& n : net.input_names) c.from.emplace_back(n.key.view());
    if (c.to.empty()) c.to = {"output"};
    return c;
  }

  shared_context<B> context_;
  viseme::cut cut_;
  engine<B> engine_;
  kept_start<B> kept_;
  typename B::buffer chosen_;  // where what resume() starts from is
  recording<B> run_, resume_;
};

template <class B>
class net_model final : public model {
public:
  net_model(shared_context<B> context, const program<B>& net, net_spec spec, std::span<const float> block)
      : context_(std::move(context)), spec_(std::move(spec)), weights_(std::make_shared<prepared_weights<B>>(net, *context_, block)) {}

  const net_spec& spec() const override { return spec_; }
  std::unique_ptr<session> make_session(const session_options& o) const override {
    require_memory<B>(*context_, o, [&](const auto& smaller) { return net_session<B>::bytes(*context_, weights_->net(), smaller); });
    return std::make_unique<net_session<B>>(context_, weights_, o);
  }
  std::size_t memory_bytes() const override { return weights_->bytes(); }
  std::vector<std::string> fallbacks() const override {
    std::vector<std::string> names;
    for (const auto& s : weights_->net().steps)
      if (std::string_view(s.ran_by) != B::name) names.emplace_back(weights_->net().net.nodes[s.range.first].label.view());
    return names;
  }

private:
  shared_context<B> context_;
  net_spec spec_;
  std::shared_ptr<const prepared_weights<B>> weights_;
};

/// What nets of one device show each other.
template <class T>
struct native_values {
  virtual view<T> native_output(const std::string&) const = 0;
  virtual view<T> native_input_gradient(const std::string&) const = 0;

protected:
  ~native_values() = default;
};

template <class B>
class net_training final : public training_net, public native_values<typename B::scalar> {
public:
  using T = typename B::scalar;

  net_training(shared_context<B> context, const program<B>& net, std::span<const float> block, const training_net_options& o)
      : context_(std::move(context)), graph_(net, *context_, block, input_shapes(net.net, o.batch, o.image), o.graph) {}

  shape output_size(const std::string& key) const override { return graph_.output(key).size; }
  void write(const std::string& key, std::span<const float> nchw) override {
    const auto to = graph_.input(key);
    require_size(nchw.size(), to.size, key);
    B::load(*context_, nchw.data(), to);
  }
  void write_from(const std::string& key, const training_net& other, const std::string& output) override {
    B::move(*context_, view<const T>(native(other).native_output(output)), graph_.input(key), gradient_write::overwrite);
  }
  void read(const std::string& key, std::span<float> nchw) const override {
    const auto from = graph_.output(key);
    require_size(nchw.size(), from.size, key);
    B::store(*context_, from, nchw.data());
  }
  void forward() override {
    forward_.run(*context_, [this] { graph_.forward(); });
  }

  void clear_output_gradients() override { written_.clear(); }
  double loss(loss_kind kind, const std::string& key, std::span<const float> target, double weight) override {
    const auto to = graph_.target(key);
    require_size(target.size(), to.size, key);
    B::load(*context_, target.data(), to);
    const auto call = loss_to(key, to, weight);
    return kind == loss_kind::l1 ? graph_.template loss<l1_loss>(call) : graph_.template loss<mse_loss>(call);
  }
  double mse_to(const std::string& key, const training_net& other, const std::string& target, double weight) override {
    return graph_.template loss<mse_loss>(loss_to(key, native(other).native_output(target), weight));
  }
  double cosine_bce(const std::string& a, const std::string& b, std::span<const float> labels, double weight) override {
    auto call = loss_to(a, graph_.output(b), weight);
    if (labels.size() != std::size_t(call.a.size.n))
      throw error("labels", std::to_string(labels.size()) + " for " + std::to_string(call.a.size.n) + " samples", "give one a sample");
    auto* to = reinterpret_cast<float*>(graph_.target(a).data);
    context_->upload(to, labels.data(), labels.size_bytes());
    call.labels = to;
    call.d_b = graph_.output_gradient(b);
    call.write_b = first_write(b);
    return graph_.template loss<cosine_bce_loss>(call);
  }
  void add_gradient_from(const std::string& key, const training_net& other, const std::string& input) override {
    B::move(*context_, view<const T>(native(other).native_input_gradient(input)), graph_.output_gradient(key), first_write(key));
  }
  void backward() override {
    backward_.run(*context_, [this] { graph_.backward(); });
  }

  void clear_gradients() override { graph_.clear_gradients(); }
  void adam_step(const adam& rule, std::int64_t number) override {
    const double scale = loss_scale();
    if constexpr (scaled)
      if (!context_->scaling.take(found_op<all_finite, B>::run(*context_, graph_.gradient_block(), graph_.trainable_count()))) return;
    graph_.adam_step(rule, number, 1 / scale);
  }

  const std::vector<parameter_entry>& parameters() const override { return graph_.entries(); }
  void read_parameters(std::span<float> to) const override { out(graph_.parameter_block(), block_size(graph_.entries()), to); }
  void write_parameters(std::span<const float> from) override { in(from, graph_.parameter_block(), block_size(graph_.entries())); }
  void read_gradients(std::span<float> to) const override {
    out(graph_.gradient_block(), graph_.trainable_count(), to);
    if (scaled) std::transform(to.begin(), to.end(), to.begin(), [scale = loss_scale()](float g) { return float(g / scale); });
  }
  void read_moments(std::span<float> first, std::span<float> second) const override {
    out(graph_.first_moment(), graph_.trainable_count(), first);
    out(graph_.second_moment(), graph_.trainable_count(), second);
  }
  void write_moments(std::span<const float> first, std::span<const float> second) override {
    in(first, graph_.first_moment(), graph_.trainable_count());
    in(second, graph_.second_moment(), graph_.trainable_count());
  }
  std::size_t memory_bytes() const override { return graph_.bytes(); }

  view<T> native_output(const std::string& key) const override { return graph_.output(key); }
  view<T> native_input_gradient(const std::string& key) const override { return graph_.input_gradient(key); }

private:
  static const native_values<T>& native(const training_net& other) {
    const auto* found = dynamic_cast<const native_values<T>*>(&other);
    if (!found) throw error("nets in one training step", "they are on different devices", "make both from one device");
    return *found;
  }
  /// Gradients in fp16 are this many times too large; those of other scalars are as they are.
  static constexpr bool scaled = std::is_same_v<T, fp16>;
  double loss_scale() const {
    if constexpr (scaled) return context_->scaling.scale();
    else return 1;
  }
  gradient_write first_write(const std::string& key) {
    for (const auto& w : written_)
      if (w == key) return gradient_write::accumulate;
    written_.push_back(key);
    return gradient_write::overwrite;
  }
  loss_call<T> loss_to(const std::string& key, view<const T> target, double weight) {
    loss_call<T> call;
    call.a = graph_.output(key);
    call.b = target;
    call.weight = weight * loss_scale();
    call.d_a = graph_.output_gradient(key);
    call.write_a = call.d_a ? first_write(key) : gradient_write::overwrite;
    return call;
  }
  using master = master_of<T>;

  static void require_block(std::size_t have, std::size_t want) {
    if (have != want) throw error("parameter block", std::to_string(have) + " numbers for " + std::to_string(want), "give one of the net's size");
  }
  void out(const master* from, std::size_t count, std::span<float> to) const {
    require_block(to.size(), count);
    download_floats(*context_, from, to);
  }
  void in(std::span<const float> from, master* to, std::size_t count) {
    require_block(from.size(), count);
    upload_floats(*context_, from, to);
  }

  shared_context<B> context_;
  training_graph<B> graph_;
  recording<B> forward_, backward_;
  std::vector<std::string> written_;
};

}  // namespace detail

template <class B>
net_steps<B> net_factory<B>::steps(const program<B>& net, int batch) {
  return describe(net, shape_plan(net.net, detail::input_shapes(net.net, batch, {0, 0}), {}).size);
}
template <class B>
std::shared_ptr<const model> net_factory<B>::prepare(const program<B>& net, shared_context<B> context, const net_spec& spec, std::span<const float> block) {
  return std::make_shared<detail::net_model<B>>(std::move(context), net, spec, block);
}
template <class B>
std::unique_ptr<training_net> net_factory<B>::train(const program<B>& net, shared_context<B> context, std::span<const float> block, const training_net_options& o) {
  detail::require_memory<B>(*context, o, [&](const auto& smaller) {
    return training_graph<B>::bytes(net, *context, detail::input_shapes(net.net, smaller.batch, smaller.image), smaller.graph);
  });
  return std::make_unique<detail::net_training<B>>(std::move(context), net, block, o);
}

}  // namespace viseme
