// Kept values: copied as they are, or rounded to bf16. A value is dense, so its layout does not matter here.
#pragma once

#include <algorithm>
#include <cstdint>

#include <backends/reference/backend.hpp>
#include <viseme/core/bf16.hpp>
#include <viseme/run/kept_values.hpp>

namespace viseme {

template <class T>
struct op<keeping, backends::reference<T>> {
  using context = backends::host_context;

  static void store(context& c, view<const T> from, kept_as how, std::byte* to) {
    const std::size_t n = from.size.count();
    if (how == kept_as::exact) convert(c, from.data, reinterpret_cast<T*>(to), n, [](T x) { return x; });
    else convert(c, from.data, reinterpret_cast<std::uint16_t*>(to), n, [](T x) { return to_bf16(float(x)); });
  }
  static void load(context& c, const std::byte* const* base, std::size_t offset, kept_as how, view<T> to) {
    const std::byte* from = *base + offset;
    const std::size_t n = to.size.count();
    if (how == kept_as::exact) convert(c, reinterpret_cast<const T*>(from), to.data, n, [](T x) { return x; });
    else convert(c, reinterpret_cast<const std::uint16_t*>(from), to.data, n, [](std::uint16_t x) { return T(from_bf16(x)); });
  }

private:
  /// Sixteen at a time: a loop of known length is what the compiler vectorises.
  template <class From, class To, class F>
  static void convert(context& c, const From* from, To* to, std::size_t count, F f) {
    constexpr std::size_t chunk = 1 << 15, lanes = 16;
    c.threads.run(int((count + chunk - 1) / chunk), [&](int task) {
      std::size_t i = task * chunk;
      const std::size_t end = std::min(count, i + chunk);
      for (; i + lanes <= end; i += lanes)
        for (std::size_t k = 0; k < lanes; ++k) to[i + k] = f(from[i + k]);
      for (; i < end; ++i) to[i] = f(from[i]);
    });
  }
};

}  // namespace viseme
