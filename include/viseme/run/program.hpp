// A net on a backend as a flat list of steps: for each fused group its op's functions and facts. Types end here: what runs a net is a loop
// over this list, so that a net of hundreds of layers compiles to a table and not to hundreds of copies of the caller.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <viseme/graph/group.hpp>
#include <viseme/graph/net_table.hpp>
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
  bool joins_in_place = false, needs_dense = false;
  void (*forward)(context&, const forward_call<T>&) = nullptr;
  void (*backward)(context&, const backward_call<T>&) = nullptr;
  void (*recompute)(context&, const forward_call<T>&) = nullptr;
  void (*pack)(context&, const parameter_pointers<T>&, master*) = nullptr;
  std::size_t (*packed_size)(const context&) = nullptr;
  std::size_t (*forward_scratch)(const context&, const call_shapes&) = nullptr;
  std::size_t (*backward_scratch)(const context&, const call_shapes&) = nullptr;
  std::size_t (*kept_size)(const context&, const call_shapes&) = nullptr;
  const char* ran_by = nullptr;  // the backend whose op this is: B or a fallback

  std::size_t packed(const context& c) const { return packed_size ? packed_size(c) : 0; }
  std::size_t scratch_forward(const context& c, const call_shapes& s) const { return forward_scratch ? forward_scratch(c, s) : 0; }
  std::size_t scratch_backward(const context& c, const call_shapes& s) const { return backward_scratch ? backward_scratch(c, s) : 0; }
  std::size_t kept(const context& c, const call_shapes& s) const { return kept_size ? kept_size(c, s) : 0; }
};

/// A net as one backend runs it. Views of constants; cheap to copy.
template <class B>
struct program {
  graph::net_table net;
  std::span<const step<B>> steps;
};

/// What the type of a net compiles to; defined in steps.hpp. Ops: a backend of the same context, scalar and layout whose ops are taken instead of B's.
template <class B, class Net, purpose P, class Ops = B>
struct net_program {
  static program<B> make();
};

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
