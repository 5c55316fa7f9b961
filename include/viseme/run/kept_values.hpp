// Copies of a run's kept values in memory of the device, in its own layout: what one run computed, a later one starts from.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/graph/place.hpp>
#include <viseme/run/op.hpp>
#include <viseme/run/request.hpp>
#include <viseme/run/runner.hpp>

namespace viseme {

/// The op that copies a dense value to storage and back: `store(context, view<const T>, kept_as, std::byte*)` and
/// `load(context, const std::byte*, kept_as, view<T>)`. Storage holds scalars of the backend, or bf16.
struct keeping {};

template <class T>
constexpr std::size_t stored_size(kept_as how) { return how == kept_as::exact ? sizeof(T) : sizeof(std::uint16_t); }

/// One run's, each value behind the other. Immutable once filled.
template <class B>
class stored_values final : public kept_values {
public:
  using T = typename B::scalar;

  /// `values`: where the session has them.
  stored_values(typename B::context& context, const std::vector<view<T>>& values, kept_as how)
      : how_(how), memory_(context, bytes_of(values, how)) {
    std::size_t at = 0;
    for (const auto& v : values) {
      found_op<keeping, B>::store(context, v, how_, memory_.data() + at);
      sizes_.push_back(v.size);
      at += bytes_of(v.size, how_);
    }
  }

  void load(typename B::context& context, const std::vector<view<T>>& values) const {
    if (!std::ranges::equal(values, sizes_, {}, &view<T>::size))
      throw error("kept values", "they are of another net or size", "resume from what a session of the same model and options kept");
    std::size_t at = 0;
    for (const auto& v : values) {
      found_op<keeping, B>::load(context, memory_.data() + at, how_, v);
      at += bytes_of(v.size, how_);
    }
  }

  std::size_t memory_bytes() const override { return memory_.bytes(); }

  static std::size_t bytes_of(shape s, kept_as how) { return graph::aligned(s.count() * stored_size<T>(how)); }
  static std::size_t bytes_of(const std::vector<view<T>>& values, kept_as how) {
    std::size_t sum = 0;
    for (const auto& v : values) sum += bytes_of(v.size, how);
    return sum;
  }

private:
  kept_as how_;
  typename B::buffer memory_;
  std::vector<shape> sizes_;
};

}  // namespace viseme
