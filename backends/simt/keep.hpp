// Kept values: copied as they are, or rounded to bf16. A value is dense, so its layout does not matter here.
#pragma once

#include <cstddef>

#include <backends/simt/backend.hpp>
#include <kernels/simt/convert.hpp>
#include <viseme/run/kept_values.hpp>

namespace viseme {

template <class P, class T>
struct op<keeping, backends::simt_backend<P, T>> {
  using context = typename P::context;

  static void store(context& c, view<const T> from, kept_as how, std::byte* to) {
    if (stored_as_it_is || how == kept_as::exact) c.copy(to, from.data, from.size.count() * sizeof(T));
    else if constexpr (!stored_as_it_is) convert(c, from.data, reinterpret_cast<bf16*>(to), from.size.count());
  }
  static void load(context& c, const std::byte* from, kept_as how, view<T> to) {
    if (stored_as_it_is || how == kept_as::exact) c.copy(to.data, from, to.size.count() * sizeof(T));
    else if constexpr (!stored_as_it_is) convert(c, reinterpret_cast<const bf16*>(from), to.data, to.size.count());
  }

private:
  static constexpr bool stored_as_it_is = std::is_same_v<T, bf16>;

  template <class From, class To>
  static void convert(context& c, const From* from, To* to, std::size_t count) {
    constexpr int wide = simt::widest<std::conditional_t<(sizeof(From) > sizeof(To)), From, To>>;
    if (!count) return;
    if (simt::in_vectors<wide>(from, to)) run<wide>(c, from, to, count);
    else run<1>(c, from, to, count);
  }
  template <int N, class From, class To>
  static void run(context& c, const From* from, To* to, std::size_t count) {
    using kernel = simt::convert<From, To, N>;
    launch(c, simt::flat_grid(count, N, kernel::threads), kernel{count, from, to});
  }
};

}  // namespace viseme
