// The type of a net and a backend compiled to the table of steps.
#pragma once

#include <array>
#include <type_traits>
#include <utility>

#include <viseme/run/program.hpp>

namespace viseme {

namespace detail {

template <class L>
constexpr saves layer_saves() {
  if constexpr (requires { L::backward_reads; }) return L::backward_reads;
  else return {};
}

/// An op's function as a step has it: itself, or, where the op is a fallback's whose context is a base of the backend's, called through.
template <auto F, class R, class Context, class... A>
constexpr auto taking(R (*)(Context&, A...)) -> R (*)(Context&, A...) {
  if constexpr (std::is_convertible_v<decltype(F), R (*)(Context&, A...)>) return F;
  else return [](Context& c, A... a) -> R { return F(c, a...); };
}

template <class L, class B, class Ops = B, purpose P = purpose::inference>
constexpr step<B> step_of(graph::group_range range, const graph::values& in, int out) {
  using op = std::conditional_t<P == purpose::training, found_training_op<L, Ops>, found_op<L, Ops>>;
  step<B> s;
  s.range = range;
  s.in = in;
  s.out = out;
  if constexpr (requires { op::backward_reads; }) s.reads = op::backward_reads;
  else s.reads = layer_saves<L>();
  if constexpr (requires { op::gradient_over_input; }) s.gradient_over_input = op::gradient_over_input;
  if constexpr (requires { op::joins_in_place; }) s.joins_in_place = op::joins_in_place;
  if constexpr (requires { op::needs_dense; }) s.needs_dense = op::needs_dense;
  if constexpr (requires { &op::forward; }) s.forward = taking<&op::forward>(s.forward);
  if constexpr (requires { &op::backward; }) s.backward = taking<&op::backward>(s.backward);
  if constexpr (requires { &op::recompute; }) s.recompute = taking<&op::recompute>(s.recompute);
  if constexpr (requires { &op::pack; }) s.pack = taking<&op::pack>(s.pack), s.packed_size = taking<&op::packed_size>(s.packed_size);
  if constexpr (requires { &op::forward_scratch; }) s.forward_scratch = taking<&op::forward_scratch>(s.forward_scratch);
  if constexpr (requires { &op::backward_scratch; }) s.backward_scratch = taking<&op::backward_scratch>(s.backward_scratch);
  if constexpr (requires { &op::kept; }) s.kept_size = taking<&op::kept>(s.kept_size);
  s.ran_by = runner_of<L, Ops>::type::name;
  return s;
}

}  // namespace detail

template <class B, purpose P>
struct fusing {
  static constexpr auto& patterns = B::fusions;
  template <class L>
  struct accept : std::bool_constant<runs_on<L, B>> {};
};
template <class B>
struct fusing<B, purpose::training> {
  static constexpr auto& patterns = B::fusions;
  template <class L>
  struct accept : std::bool_constant<trains_on<L, B>> {};
};

/// The table itself is a constant: no code is made for it.
template <class B, class Net, purpose P, class Ops>
struct step_table {
  using low = graph::lowered<Net>;
  static constexpr auto groups = graph::group<Net, fusing<Ops, P>>();
  static constexpr auto all = []<int... G>(std::integer_sequence<int, G...>) {
    return std::array{detail::step_of<typename graph::group_layer<Net, groups.group[G].first, groups.group[G].count>::type, B, Ops, P>(
        groups.group[G], graph::group_inputs(low::table, groups.group[G]), low::table.inputs + groups.group[G].first + groups.group[G].count - 1)...};
  }(std::make_integer_sequence<int, groups.groups>{});
};

template <class B, class Net, purpose P, class Ops>
program<B> net_program<B, Net, P, Ops>::make() {
  return {graph::table_of<Net>(), step_table<B, Net, P, Ops>::all};
}

}  // namespace viseme
