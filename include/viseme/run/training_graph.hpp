// Training graph of a net: forward that keeps what backward reads, backward that writes gradients, one planned arena.
#pragma once

#include <algorithm>
#include <span>

#include <viseme/graph/place.hpp>
#include <viseme/losses/losses.hpp>
#include <viseme/optim/adam.hpp>
#include <viseme/run/shape_plan.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

/// training_graph<B, Net> is made from the type of a net, training_graph<B> from its program.
template <class B, class Net = void>
class training_graph;

template <class B>
class training_graph<B, void> {
public:
  using T = typename B::scalar;
  using master = master_of<T>;

  /// `block`: values in the order of graph::parameters(net.net).
  training_graph(const program<B>& net, typename B::context& context, std::span<const float> block, const std::vector<shape>& inputs, training_options options)
      : training_graph(net, context, inputs, std::move(options)) {
    require(block.size() == block_size(entries_), "weights", "the block has another size than the net", "load it by the net's table");
    parameters_ = typename B::buffer(context, parameter_bytes());
    state_ = typename B::buffer(context, state_bytes());
    arena_ = typename B::buffer(context, arena_size_);
    upload_floats(context, block, parameter_block());
    point();
  }

  /// Memory that such a graph takes, with what its values pass through on their way between host and device. Allocates none.
  static std::size_t bytes(const program<B>& net, typename B::context& context, const std::vector<shape>& inputs,
                           training_options options) {
    const training_graph planned(net, context, inputs, std::move(options));
    return planned.bytes() + staging_bytes(context, planned.shapes_.largest());
  }
  std::size_t bytes() const { return parameter_bytes() + state_bytes() + arena_size_; }

  view<T> input(const std::string& key) const { return value(known(shapes_.net.find_input(key), key)); }
  view<T> output(const std::string& key) const { return value(wanted(key)); }
  /// Where the values that an output is to have are written for a loss, between forward() and backward().
  view<T> target(const std::string& key) const { return at(target_slot(), shapes_.size[wanted(key)]); }
  /// Where losses write the gradient of an output, between forward() and backward().
  view<T> output_gradient(const std::string& key) const { return gradient(wanted(key)); }
  view<T> input_gradient(const std::string& key) const {
    if (!options_.input_gradients)
      throw error("gradient of input '" + key + "'", "this graph was made without input gradients", "ask for them when it is made");
    return gradient(known(shapes_.net.find_input(key), key));
  }

  void forward() {
    for (int g = 0; g < count(); ++g) {
      const auto& s = steps_[g];
      if (!shapes_.needed[s.out]) continue;
      auto call = forward_call_of(g);
      if (s.pack) {
        master* packed = arena_.template at<master>(packed_offset_);
        s.pack(*context_, call.parameters, packed);
        call.packed = packed;
      }
      s.forward(*context_, call);
    }
    B::increment(*context_, batch_counters_);
  }

  /// Once after each forward(). Gradients of parameters are added to what is there; output gradients must have been written.
  void backward() {
    for (int g = count() - 1; g >= 0; --g) {
      if (!has_gradient_[steps_[g].out]) continue;
      for (int r : recomputed_before_[g]) {
        auto call = forward_call_of(r);
        call.out = backward_value(steps_[r].out);
        call.scratch = memory_at(backward_scratch(g));
        steps_[r].recompute(*context_, call);
      }
      steps_[g].backward(*context_, backward_call_of(g));
    }
  }

  const std::vector<parameter_entry>& entries() const { return entries_; }
  /// All parameters and buffers, in the order of entries(); the first trainable_count() elements are what Adam moves.
  master* parameter_block() const { return parameters_.template at<master>(0); }
  std::size_t trainable_count() const { return trainable_; }
  master* gradient_block() const { return state_.template at<master>(0); }
  master* first_moment() const { return state_.template at<master>(graph::aligned(trainable_ * sizeof(master))); }
  master* second_moment() const { return state_.template at<master>(2 * graph::aligned(trainable_ * sizeof(master))); }
  void clear_gradients() { context_->zero(gradient_block(), trainable_ * sizeof(master)); }

  /// `number` counts from 1; gradients are multiplied by `gradient_scale`.
  void adam_step(const adam& rule, std::int64_t number, double gradient_scale = 1) {
    found_op<adam, B>::run(*context_, adam_call<master>{parameter_block(), first_moment(), second_moment(), gradient_block(), trainable_, number, rule, gradient_scale});
  }
  template <class Loss>
  double loss(const loss_call<T>& call) { return found_op<Loss, B>::run(*context_, call); }

private:
  /// Planned, without memory.
  training_graph(const program<B>& net, typename B::context& context, const std::vector<shape>& inputs, training_options options)
      : context_(&context), options_(std::move(options)), entries_(graph::parameters(net.net)),
        shapes_(net.net, inputs, {{}, options_.outputs}), steps_(net.steps) {
    has_gradient_.resize(values());
    recomputed_.resize(values());
    gradient_slot_.resize(values());
    trainable_ = options_.frozen ? 0 : trainable_size(entries_);
    plan();
  }

  std::size_t parameter_bytes() const { return graph::aligned(block_size(entries_) * sizeof(master)); }
  std::size_t state_bytes() const { return 3 * graph::aligned(trainable_ * sizeof(master)); }

  int count() const { return int(steps_.size()); }
  int values() const { return shapes_.net.values(); }
  int backward_time(int g) const { return 2 * count() - g; }

  int wanted(const std::string& key) const {
    const int v = known(shapes_.net.find(key), key);
    if (!shapes_.wanted[v]) throw error("output '" + key + "'", "this graph does not keep it", "name it when the graph is made");
    return v;
  }
  static int known(int v, const std::string& key) {
    if (v < 0) throw error("value '" + key + "'", "the net has no such input or step", "use a name listed for the net");
    return v;
  }

  view<T> at(int slot, shape s) const {
    const auto& p = place_[slot];
    return {p.bytes ? arena_.template at<T>(p.offset) : nullptr, s, B::preferred};
  }
  view<T> value(int v) const { return at(v, shapes_.size[v]); }
  view<T> gradient(int v) const { return at(gradient_slot_[v], shapes_.size[v]); }
  /// What backward() reads as value v.
  view<T> backward_value(int v) const { return recomputed_[v] ? at(again(v), shapes_.size[v]) : value(v); }
  int again(int v) const { return 2 * values() + count() + v; }
  int statistics_slot(int g) const { return 2 * values() + g; }
  int kept_slot(int g) const { return 3 * values() + count() + g; }
  int forward_scratch(int g) const { return 3 * values() + 2 * count() + g; }
  int backward_scratch(int g) const { return 3 * values() + 3 * count() + g; }
  int target_slot() const { return 3 * values() + 4 * count(); }
  master* memory_at(int slot) const { return place_[slot].bytes ? arena_.template at<master>(place_[slot].offset) : nullptr; }

  forward_call<T> forward_call_of(int g) const {
    const auto& s = steps_[g];
    forward_call<T> call;
    call.inputs = s.in.count;
    for (int k = 0; k < s.in.count; ++k) call.in[k] = value(s.in.id[k]);
    call.out = value(s.out);
    call.parameters = pointers_[g];
    call.scratch = memory_at(forward_scratch(g));
    call.statistics = memory_at(statistics_slot(g));
    call.kept = memory_at(kept_slot(g));
    return call;
  }

  backward_call<T> backward_call_of(int g) const {
    const auto& s = steps_[g];
    backward_call<T> call;
    call.inputs = s.in.count;
    for (int k = 0; k < s.in.count; ++k) {
      call.in[k] = backward_value(s.in.id[k]);
      call.d_in[k] = gradient(s.in.id[k]);
      call.write[k] = write_[g][k];
    }
    call.out = backward_value(s.out);
    call.d_out = gradient(s.out);
    call.parameters = pointers_[g];
    call.d_parameters = gradient_pointers_[g];
    call.scratch = memory_at(backward_scratch(g));
    call.statistics = memory_at(statistics_slot(g));
    call.kept = memory_at(kept_slot(g));
    return call;
  }

  bool carries_gradient(const step<B>& s) const {
    bool has = false;
    for (const auto& e : entries_) has |= !options_.frozen && e.trainable && e.node >= s.range.first && e.node < s.range.first + s.range.count;
    for (int k = 0; k < s.in.count; ++k) has |= has_gradient_[s.in.id[k]];
    return has;
  }

  void mark_gradients() {
    if (options_.input_gradients)
      for (int v = 0; v < shapes_.net.inputs(); ++v) has_gradient_[v] = shapes_.needed[v];
    for (const auto& s : steps_) has_gradient_[s.out] = shapes_.needed[s.out] && carries_gradient(s);
  }

  /// A value that its step can make again from one that is kept anyway is not kept for backward(): a recomputed copy lives only while it is read.
  void mark_recomputed() {
    recomputed_before_.assign(count(), {});
    for (int g = 0; g < count(); ++g) {
      const auto& s = steps_[g];
      recomputed_[s.out] = s.recompute && has_gradient_[s.out] && !s.reads.output && !shapes_.wanted[s.out];
      for (int k = 0; k < s.in.count; ++k) recomputed_[s.out] = recomputed_[s.out] && !recomputed_[s.in.id[k]];
    }
    std::vector<bool> done(values());
    for (int g = count() - 1; g >= 0; --g) {
      const auto& s = steps_[g];
      for (int k = 0; k < s.in.count && has_gradient_[s.out] && s.reads.input; ++k)
        if (const int v = s.in.id[k]; recomputed_[v] && !done[v]) done[v] = true, recomputed_before_[g].push_back(maker_of(v));
    }
  }
  int maker_of(int v) const {
    return int(std::find_if(steps_.begin(), steps_.end(), [&](const auto& s) { return s.out == v; }) - steps_.begin());
  }

  /// Step g runs forward at time g, losses at count(), backward at backward_time(g).
  void plan() {
    mark_gradients();
    mark_recomputed();
    const int end = 2 * count() + 1;
    place_.assign(target_slot() + 1, {});
    const auto keep = [&](int slot, std::size_t elements, int time) {
      auto& p = place_[slot];
      if (p.bytes == 0) p = {graph::aligned(elements * sizeof(T)), time, time, 0};
      p.first = std::min(p.first, time);
      p.last = std::max(p.last, time);
    };
    const auto keep_masters = [&](int slot, std::size_t elements, int first, int last) {
      if (const std::size_t n = elements * sizeof(master) / sizeof(T)) keep(slot, n, first), keep(slot, n, last);
    };
    const auto keep_value = [&](int v, int time) { keep(v, shapes_.size[v].count(), time); };
    const auto keep_gradient = [&](int v, int time) {
      if (has_gradient_[v]) keep(values() + v, shapes_.size[v].count(), time);
    };
    std::vector<bool> written(values());
    std::size_t target = 0;
    for (int v = 0; v < values(); ++v) {
      if (v < shapes_.net.inputs() && shapes_.needed[v]) keep_value(v, 0), keep_value(v, end), keep_gradient(v, end);
      if (shapes_.wanted[v]) keep_value(v, end), keep_gradient(v, count()), written[v] = true;
      if (shapes_.wanted[v]) target = std::max(target, shapes_.size[v].count());
    }
    keep(target_slot(), target, count());
    for (int v = 0; v < values(); ++v) gradient_slot_[v] = values() + v;
    write_.resize(count());
    std::size_t packed = 0;
    for (int g = count() - 1; g >= 0; --g) {
      const auto& s = steps_[g];
      if (!shapes_.needed[s.out]) continue;
      const bool trains = has_gradient_[s.out];
      const int back = backward_time(g);
      keep_value(s.out, g);
      if (trains) keep_gradient(s.out, back);
      if (trains && s.reads.output) keep_value(s.out, back);
      for (int k = 0; k < s.in.count; ++k) {
        const int v = s.in.id[k];
        keep_value(v, g);
        if (!trains) continue;
        if (s.reads.input) keep(recomputed_[v] ? again(v) : v, shapes_.size[v].count(), back);
        keep_gradient(v, back);
        write_[g][k] = written[v] ? gradient_write::accumulate : gradient_write::overwrite;
        written[v] = true;
      }
      if (!options_.frozen) keep_masters(statistics_slot(g), s.reads.statistics, g, back);
      const auto sizes = shapes_.of(s.in, s.out);
      keep_masters(kept_slot(g), s.kept(*context_, sizes), g, trains ? back : g);
      keep_masters(forward_scratch(g), s.scratch_forward(*context_, sizes), g, g);
      std::size_t scratch = trains ? s.scratch_backward(*context_, sizes) : 0;
      for (int r : recomputed_before_[g])
        scratch = std::max(scratch, steps_[r].scratch_forward(*context_, shapes_.of(steps_[r].in, steps_[r].out)));
      keep_masters(backward_scratch(g), scratch, back, back);
      packed = std::max(packed, s.packed(*context_));
    }
    share_slots();
    packed_offset_ = graph::place(place_);
    arena_size_ = graph::aligned(packed_offset_ + packed * sizeof(master));
  }

  /// Into the parameters, once they have memory.
  void point() {
    pointers_.resize(count());
    gradient_pointers_.resize(count());
    for (int g = 0; g < count(); ++g) {
      pointers_[g] = pointers_of<T>(entries_, steps_[g].range, parameter_block());
      if (!options_.frozen) gradient_pointers_[g] = trainable_pointers(steps_[g].range);
    }
    if (!options_.frozen)
      for (const auto& e : entries_)
        if (e.name.ends_with("num_batches_tracked")) batch_counters_.push_back(parameter_block() + e.offset);
  }

  /// A gradient takes the memory of its value where the step that writes it first is the last to read the value.
  void share_slots() {
    for (int g = 0; g < count(); ++g) {
      const auto& s = steps_[g];
      if (!s.gradient_over_input || !has_gradient_[s.out]) continue;
      const int v = s.in.id[0], back = backward_time(g);
      auto &value = place_[recomputed_[v] ? again(v) : v], &gradient = place_[values() + v];
      if (gradient.bytes == 0 || gradient.first != back || value.last != back) continue;
      value.last = gradient.last;
      gradient = {};
      gradient_slot_[v] = int(&value - place_.data());
    }
  }

  parameter_pointers<T> trainable_pointers(graph::group_range range) const {
    auto p = pointers_of<T>(entries_, range, gradient_block());
    for (auto& pointer : p)
      if (pointer >= gradient_block() + trainable_) pointer = nullptr;
    return p;
  }

  typename B::context* context_;
  training_options options_;
  std::vector<parameter_entry> entries_;
  shape_plan shapes_;
  std::span<const step<B>> steps_;
  std::size_t trainable_ = 0;
  typename B::buffer parameters_, state_, arena_;
  std::vector<bool> has_gradient_, recomputed_;      // of every value
  std::vector<int> gradient_slot_;
  std::vector<std::vector<int>> recomputed_before_;  // steps made again before step g's backward
  std::vector<graph::lifetime> place_;               // values, their gradients, statistics by step, recomputed values,
                                                     // what steps keep, their scratch forward and backward, a target
  std::vector<std::array<gradient_write, max_inputs>> write_;
  std::vector<parameter_pointers<T>> pointers_, gradient_pointers_;
  std::vector<master*> batch_counters_;
  std::size_t packed_offset_ = 0, arena_size_ = 0;
};

template <class B, class Net>
class training_graph : public training_graph<B> {
public:
  training_graph(typename B::context& context, std::span<const float> block, const std::vector<shape>& inputs, training_options options)
      : training_graph<B>(net_program<B, Net, purpose::training>::make(), context, block, inputs, std::move(options)) {}
};

}  // namespace viseme
