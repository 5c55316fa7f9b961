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
    const std::size_t count = from.size.count();
    if (stored_as_it_is || how == kept_as::exact) c.copy(to, from.data, count * sizeof(T));
    else if constexpr (!stored_as_it_is) run<simt::convert, T, bf16>(c, from.data, count, from.data, reinterpret_cast<bf16*>(to));
  }
  static void load(context& c, const std::byte* const* base, std::size_t offset, kept_as how, view<T> to) {
    const std::size_t count = to.size.count();
    if (how == kept_as::exact) run<simt::convert_pointed, T, T>(c, to.data, count, base, offset, to.data);
    else run<simt::convert_pointed, bf16, T>(c, to.data, count, base, offset, to.data);
  }

private:
  static constexpr bool stored_as_it_is = std::is_same_v<T, bf16>;

  /// Storage begins where as many elements as one likes are one access; `value` may not.
  template <template <class, class, int> class Kernel, class From, class To, class... Arguments>
  static void run(context& c, const T* value, std::size_t count, Arguments... arguments) {
    constexpr int wide = simt::widest<std::conditional_t<(sizeof(From) > sizeof(To)), From, To>>;
    using in_vectors = Kernel<From, To, wide>;
    using one_by_one = Kernel<From, To, 1>;
    if (!count) return;
    if (simt::in_vectors<wide>(value)) launch(c, simt::flat_grid(count, wide, in_vectors::threads), in_vectors{count, arguments...});
    else launch(c, simt::flat_grid(count, 1, one_by_one::threads), one_by_one{count, arguments...});
  }
};

}  // namespace viseme
