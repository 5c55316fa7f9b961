// Inference: weights prepared once and shared, one session per user, a run over one planned arena.
#pragma once

#include <memory>
#include <span>

#include <viseme/graph/place.hpp>
#include <viseme/run/joined_values.hpp>
#include <viseme/run/net_steps.hpp>
#include <viseme/run/shape_plan.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

/// Weights as a backend wants them: batch norms folded and matrices packed where its ops do so. Immutable; share it between sessions.
/// prepared_weights<B, Net> is made from the type of a net, prepared_weights<B> from its program.
template <class B, class Net = void>
class prepared_weights;

template <class B>
class prepared_weights<B, void> {
public:
  using T = typename B::scalar;
  using master = master_of<T>;

  /// `block`: values in the order of graph::parameters(net.net).
  prepared_weights(const program<B>& net, typename B::context& context, std::span<const float> block) : net_(net) {
    const auto list = net.steps;
    const auto entries = graph::parameters(net.net);
    require(block.size() == block_size(entries), "weights", "the block has another size than the net", "load it by the net's table");
    std::size_t total = 0;
    for (const auto& s : list) {
      offset_.push_back(total);
      total += graph::aligned((s.pack ? s.packed(context) : parameter_count(entries, s.range)) * sizeof(master));
    }
    const typename B::buffer values(context, block.size() * sizeof(master));
    upload_floats(context, block, values.template at<master>(0));
    storage_ = typename B::buffer(context, total);
    raw_.resize(list.size());
    for (std::size_t g = 0; g < list.size(); ++g) {
      master* to = storage_.template at<master>(offset_[g]);
      const auto from = pointers_of<T>(entries, list[g].range, values.template at<master>(0));
      if (list[g].pack) list[g].pack(context, from, to);
      else copy_raw(context, entries, list[g].range, from, to, raw_[g]);
    }
    context.wait();
  }

  const program<B>& net() const { return net_; }
  /// Of step g.
  const master* packed(int g) const { return storage_.template at<master>(offset_[g]); }
  const parameter_pointers<T>& parameters(int g) const { return raw_[g]; }
  std::size_t bytes() const { return storage_.bytes(); }

private:
  static void copy_raw(typename B::context& context, const std::vector<parameter_entry>& entries, graph::group_range range,
                       const parameter_pointers<T>& from, master* to, parameter_pointers<T>& pointers) {
    int at = 0;
    for (int node = range.first; node < range.first + range.count; ++node) {
      int size = 0;
      for (const auto& e : entries)
        if (e.node == node) {
          context.copy(to, from[at + e.index], e.count * sizeof(master));
          pointers[at + e.index] = to;
          to += e.count;
          ++size;
        }
      at += size;
    }
  }

  program<B> net_;
  typename B::buffer storage_;
  std::vector<std::size_t> offset_;
  std::vector<parameter_pointers<T>> raw_;
};

template <class B, class Net>
class prepared_weights : public prepared_weights<B> {
public:
  prepared_weights(typename B::context& context, std::span<const float> block)
      : prepared_weights<B>(net_program<B, Net, purpose::inference>::make(), context, block) {}
};

/// One user's run of a net: an arena planned at construction, nothing allocated afterwards. Not for two threads at once.
template <class B, class Net = void>
class engine;

template <class B>
class engine<B, void> {
public:
  using T = typename B::scalar;
  using master = master_of<T>;

  engine(typename B::context& context, std::shared_ptr<const prepared_weights<B>> weights, const std::vector<shape>& inputs, const cut& c = {})
      : engine(context, weights->net(), inputs, c) {
    weights_ = std::move(weights);
    arena_ = typename B::buffer(context, arena_size_);
  }

  /// Memory that such a run takes, with what its values pass through on their way between host and device. Allocates none.
  static std::size_t bytes(typename B::context& context, const program<B>& net, const std::vector<shape>& inputs, const cut& c = {}) {
    const engine planned(context, net, inputs, c);
    return planned.arena_size_ + staging_bytes(context, planned.shapes_.largest());
  }

  /// Memory of a fed or wanted value in the backend's layout. Write inputs before run(), read outputs after it.
  view<T> input(const std::string& key) const {
    const int in = shapes_.net.find_input(key);
    const int v = in >= 0 && shapes_.fed[in] ? in : shapes_.net.find_output(key);
    if (v < 0 || !shapes_.fed[v] || !shapes_.needed[v])
      throw error("input '" + key + "'", "nothing of that name is fed to this run", "name it when the run is made");
    return value(v);
  }
  view<T> output(const std::string& key) const {
    const int v = shapes_.net.find(key);
    if (v < 0 || !shapes_.wanted[v]) throw error("output '" + key + "'", "nothing of that name is kept by this run", "name it when the run is made");
    return value(v);
  }

  void run() {
    run([](auto&& forward) { forward(); });
  }
  /// run() that hands each step to `around`, which calls it.
  template <class Around>
  void run(Around&& around) {
    for (std::size_t g = 0; g < steps_.size(); ++g)
      if (shapes_.computes(steps_[g].out)) around([&] { steps_[g].forward(*context_, call(int(g))); });
  }

  /// run() without what the kept values stand for: output() of each holds what the last run left there, or what was written to it since.
  void resume() {
    for (std::size_t g = 0; g < steps_.size(); ++g)
      if (shapes_.resumed[steps_[g].out]) steps_[g].forward(*context_, call(int(g)));
  }

  /// The layers and groups that run() computes, in order.
  std::vector<layer_info> layers() const {
    auto all = describe(weights_->net(), shapes_.size).layers;
    std::vector<layer_info> run;
    for (std::size_t g = 0; g < steps_.size(); ++g)
      if (shapes_.computes(steps_[g].out)) run.push_back(std::move(all[g]));
    return run;
  }

  /// Bytes of activations and scratch.
  std::size_t arena_bytes() const { return arena_.bytes(); }

private:
  /// Planned, without memory.
  engine(typename B::context& context, const program<B>& net, const std::vector<shape>& inputs, const cut& c)
      : context_(&context), shapes_(net.net, inputs, c), steps_(net.steps) {
    plan();
  }

  view<T> value(int v) const {
    if (const auto& j = joined_[v]; j.whole >= 0) return value(j.whole).channels(j.first, shapes_.size[v].c);
    return {arena_.template at<T>(place_[v].offset), shapes_.size[v], B::preferred};
  }

  forward_call<T> call(int g) const {
    const auto& s = steps_[g];
    forward_call<T> c;
    c.inputs = s.in.count;
    for (int k = 0; k < s.in.count; ++k) c.in[k] = value(s.in.id[k]);
    c.out = value(s.out);
    c.packed = weights_->packed(g);
    c.parameters = weights_->parameters(g);
    c.scratch = arena_.template at<master>(scratch_offset_);
    return c;
  }

  void plan() {
    const int last = int(steps_.size());
    const int values = shapes_.net.values();
    place_.assign(values, {});
    std::size_t scratch = 0;
    joined_ = join_in_place(steps_, shapes_);
    const auto use = [&](int v, int at) {
      while (joined_[v].whole >= 0) v = joined_[v].whole;
      auto& p = place_[v];
      if (p.bytes == 0) p = {graph::aligned(shapes_.size[v].count() * sizeof(T)), at, at, 0};
      p.last = std::max(p.last, at);
    };
    for (int v = 0; v < values; ++v)
      if (shapes_.fed[v] && shapes_.needed[v]) use(v, 0);
    for (int g = 0; g < last; ++g) {
      const auto& s = steps_[g];
      if (!shapes_.computes(s.out)) continue;
      for (int k = 0; k < s.in.count; ++k) use(s.in.id[k], g);
      use(s.out, g);
      scratch = std::max(scratch, s.scratch_forward(*context_, shapes_.of(s.in, s.out)));
    }
    for (int v = 0; v < values; ++v)  // stay valid between runs
      if (place_[v].bytes && (shapes_.wanted[v] || shapes_.fed[v])) place_[v].first = 0, place_[v].last = last;
    scratch_offset_ = graph::place(place_);
    arena_size_ = graph::aligned(scratch_offset_ + scratch * sizeof(master));
  }

  typename B::context* context_;
  std::shared_ptr<const prepared_weights<B>> weights_;
  shape_plan shapes_;
  std::span<const step<B>> steps_;
  std::vector<joined_value> joined_;
  std::vector<graph::lifetime> place_;  // of values that lie alone
  typename B::buffer arena_;
  std::size_t scratch_offset_ = 0, arena_size_ = 0;
};

template <class B, class Net>
class engine : public engine<B> {
public:
  engine(typename B::context& context, std::shared_ptr<const prepared_weights<B, Net>> weights, const std::vector<shape>& inputs, const cut& c = {})
      : engine<B>(context, std::move(weights), inputs, c) {}
};

}  // namespace viseme
