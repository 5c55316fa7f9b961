// A net on a backend as a flat list of steps: for each fused group its op's functions and facts. Types end here: what runs a net is a loop
// over this list, so that a net of hundreds of layers compiles to a table and not to hundreds of copies of the caller.
#pragma once

#include <algorithm>
#include <span>

#include <viseme/graph/group.hpp>
#include <viseme/graph/parameters.hpp>
#include <viseme/run/backend.hpp>
#include <viseme/run/layers.hpp>
#include <viseme/run/op.hpp>

namespace viseme {

template <class B>
struct step {
  using T = typename B::scalar;
  using master = master_of<T>;
  using context = typename B::context;

  graph::group_range range;  // layers of the group
  graph::values in;          // values it reads
  int out = 0;               // and gives
  saves reads;
  bool gradient_over_input = false;
  void (*forward)(context&, const forward_call<T>&) = nullptr;
  void (*backward)(context&, const backward_call<T>&) = nullptr;
  void (*recompute)(context&, const forward_call<T>&) = nullptr;
  void (*pack)(context&, const parameter_pointers<T>&, master*) = nullptr;
  std::size_t (*packed_size)(const context&) = nullptr;
  std::size_t (*forward_scratch)(const context&, const call_shapes&) = nullptr;
  std::size_t (*backward_scratch)(const context&, const call_shapes&) = nullptr;
  const char* ran_by = nullptr;  // the backend whose op this is: B or a fallback

  std::size_t packed(const context& c) const { return packed_size ? packed_size(c) : 0; }
  std::size_t scratch_forward(const context& c, const call_shapes& s) const { return forward_scratch ? forward_scratch(c, s) : 0; }
  std::size_t scratch_backward(const context& c, const call_shapes& s) const { return backward_scratch ? backward_scratch(c, s) : 0; }
};

namespace detail {

template <class L>
constexpr saves layer_saves() {
  if constexpr (requires { L::backward_reads; }) return L::backward_reads;
  else return {};
}

template <class L, class B>
constexpr step<B> step_of(graph::group_range range, const graph::values& in, int out) {
  using op = found_op<L, B>;
  step<B> s;
  s.range = range;
  s.in = in;
  s.out = out;
  if constexpr (requires { op::backward_reads; }) s.reads = op::backward_reads;
  else s.reads = layer_saves<L>();
  if constexpr (requires { op::gradient_over_input; }) s.gradient_over_input = op::gradient_over_input;
  if constexpr (requires { &op::forward; }) s.forward = &op::forward;
  if constexpr (requires { &op::backward; }) s.backward = &op::backward;
  if constexpr (requires { &op::recompute; }) s.recompute = &op::recompute;
  if constexpr (requires { &op::pack; }) s.pack = &op::pack, s.packed_size = &op::packed_size;
  if constexpr (requires { &op::forward_scratch; }) s.forward_scratch = &op::forward_scratch;
  if constexpr (requires { &op::backward_scratch; }) s.backward_scratch = &op::backward_scratch;
  s.ran_by = runner_of<L, B>::type::name;
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
template <class B, class Net, purpose P>
struct step_table {
  using low = graph::lowered<Net>;
  static constexpr auto groups = graph::group<Net, fusing<B, P>>();
  static constexpr auto all = []<int... G>(std::integer_sequence<int, G...>) {
    return std::array{detail::step_of<typename graph::group_layer<Net, groups.group[G].first, groups.group[G].count>::type, B>(
        groups.group[G], graph::group_inputs(low::table, groups.group[G]), low::table.inputs + groups.group[G].first + groups.group[G].count - 1)...};
  }(std::make_integer_sequence<int, groups.groups>{});
};

template <class B, class Net, purpose P>
std::span<const step<B>> steps() {
  return step_table<B, Net, P>::all;
}

/// The parameters of a group as pointers into a flat block laid out by graph::parameters<Net>().
template <class T>
parameter_pointers<T> pointers_of(const std::vector<parameter_entry>& entries, graph::group_range g, master_of<T>* block) {
  parameter_pointers<T> p{};
  int at = 0;
  for (int node = g.first; node < g.first + g.count; ++node) {
    int size = 0;
    for (const auto& e : entries)
      if (e.node == node) p[at + e.index] = block ? block + e.offset : nullptr, ++size;
    at += size;
  }
  return p;
}

inline std::size_t parameter_count(const std::vector<parameter_entry>& entries, graph::group_range g) {
  std::size_t n = 0;
  for (const auto& e : entries) n += e.node >= g.first && e.node < g.first + g.count ? e.count : 0;
  return n;
}

}  // namespace viseme
