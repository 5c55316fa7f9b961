// The one seam between what a net is and how a backend computes it.
//
//   template <...> struct op<SomeLayer, SomeBackend> {
//     static void forward(context&, const forward_call<T>&);              // always
//     static void backward(context&, const backward_call<T>&);            // absent: inference only
//     static std::size_t packed_size(const context&);                     // optional: elements of a copy of the parameters made once,
//     static void pack(context&, const parameter_pointers<T>&, master_of<T>* to);  // which then replaces them in inference
//     static std::size_t forward_scratch(const context&, const call_shapes&);   // optional: elements of temporary memory
//     static std::size_t backward_scratch(const context&, const call_shapes&);
//     static void recompute(context&, const forward_call<T>&);            // optional: `out` once more from input and statistics, bit for bit
//                                                                         //   and cheap: training need not keep an `out` that only others read
//     static constexpr bool gradient_over_input = true;                   // optional: backward's d_in[0] may be the memory of in[0]
//     static constexpr saves backward_reads;                              // optional: where it differs from the layer's
//     static std::size_t kept(const context&, const call_shapes&);        // optional: elements of its own memory from forward to backward
//     using training = ...;                                               // optional: the op that training takes instead
//     static constexpr bool joins_in_place = true;                        // optional, of concatenations: in[k] may be the channels of `out` that
//                                                                         //   it becomes, and is not moved then
//     static constexpr bool needs_dense = true;                           // optional: forward's views must have no gaps
//   };
//
// Views may have gaps: be channels of a wider value.
// Parameters, statistics, packed copies and scratch are `master_of<T>`: float where activations T have two bytes, else T; sizes count these.
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <viseme/core/scalar.hpp>
#include <viseme/core/view.hpp>
#include <viseme/layers/fused.hpp>
#include <viseme/layers/layer.hpp>

namespace viseme {

inline constexpr int max_parameters = 24;

/// A layer's parameters in the order of `Layer::parameters`; of a group, one layer after the other.
template <class T>
using parameter_pointers = std::array<master_of<T>*, max_parameters>;

/// Shapes of a call: inputs of the group, in order, and its output.
struct call_shapes {
  shapes in;
  shape out;
};

enum class gradient_write { overwrite, accumulate };

template <class T>
struct forward_call {
  std::array<view<const T>, max_inputs> in{};
  int inputs = 0;
  view<T> out;
  parameter_pointers<T> parameters{};
  const master_of<T>* packed = nullptr;
  master_of<T>* scratch = nullptr;
  master_of<T>* statistics = nullptr;  // training with batch statistics: written here for the backward pass, running ones updated. Else null.
  master_of<T>* kept = nullptr;        // in training: as much as the op's kept() says

  call_shapes sizes() const {
    call_shapes s{.in = {}, .out = out.size};
    s.in.count = inputs;
    for (int i = 0; i < inputs; ++i) s.in.in[i] = in[i].size;
    return s;
  }
};

template <class T>
struct backward_call {
  std::array<view<const T>, max_inputs> in{};  // data only where the layer's `saves` asks for it
  int inputs = 0;
  view<const T> out;
  view<const T> d_out;
  std::array<view<T>, max_inputs> d_in{};      // null where no gradient is wanted
  std::array<gradient_write, max_inputs> write{};
  parameter_pointers<T> parameters{};
  parameter_pointers<T> d_parameters{};        // null: frozen. Always accumulated into.
  const master_of<T>* statistics = nullptr;    // null: running statistics were used
  const master_of<T>* kept = nullptr;          // what forward() left there
  master_of<T>* scratch = nullptr;
};

template <class Layer, class Backend>
struct op;

namespace detail {
template <class L, class B>
concept has_op = requires { sizeof(op<L, B>); };
}

/// Backend that runs layer L for B: B itself, else the first of its fallbacks that can; void if none.
template <class L, class B>
struct runner_of {
  using type = std::conditional_t<detail::has_op<L, B>, std::type_identity<B>, runner_of<L, typename B::fallback>>::type;
};
template <class L>
struct runner_of<L, void> {
  using type = void;
};

template <class L, class B>
concept runs_on = !std::is_void_v<typename runner_of<L, B>::type>;

/// Witness: the compiler prints layer and backend where nothing can run the layer.
template <class L, class B, bool Found>
struct runs {
  static_assert(Found, "neither this backend nor its fallbacks have an op for this layer");
};

template <class L, class B>
struct found_op : op<L, typename runner_of<L, B>::type> {
  static_assert(sizeof(runs<L, B, runs_on<L, B>>) > 0);
};

namespace detail {
template <class Op>
struct training_op : std::type_identity<Op> {};
template <class Op>
  requires requires { typename Op::training; }
struct training_op<Op> : std::type_identity<typename Op::training> {};
}  // namespace detail

template <class L, class B>
using found_training_op = typename detail::training_op<found_op<L, B>>::type;

template <class L, class B>
concept trains_on = runs_on<L, B> && requires { &found_training_op<L, B>::backward; };

}  // namespace viseme
