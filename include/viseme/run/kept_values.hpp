// Copies of a run's kept values in memory of the device, in its own layout: what one run computed, a later one starts from.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/graph/place.hpp>
#include <viseme/run/op.hpp>
#include <viseme/run/request.hpp>
#include <viseme/run/runner.hpp>

namespace viseme {

/// The op that copies a dense value to storage and back: `store(context, view<const T>, kept_as, std::byte*)` and
/// `load(context, const std::byte* const* base, offset, kept_as, view<T>)`, from `offset` bytes behind *base, a pointer in the device's
/// memory. Storage holds scalars of the backend, or bf16.
struct keeping {};

template <class T>
constexpr std::size_t stored_size(kept_as how) { return how == kept_as::exact ? sizeof(T) : sizeof(std::uint16_t); }

/// One run's, each value behind the other. Immutable once filled.
template <class B>
struct stored_values final : kept_values {
  typename B::buffer memory;
  std::vector<shape> sizes;
  kept_as how = kept_as::exact;

  std::size_t memory_bytes() const override { return memory.bytes(); }
};

/// The values of a session that are kept, and that a later run starts from.
template <class B>
class kept_start {
public:
  using T = typename B::scalar;
  using context = typename B::context;

  /// `values`: where the session has them.
  kept_start(std::vector<view<T>> values, kept_as how) : values_(std::move(values)), how_(how) {}

  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& v : values_) sum += bytes_of(v);
    return sum;
  }
  std::unique_ptr<const kept_values> keep(context& c) const {
    auto kept = std::make_unique<stored_values<B>>();
    kept->memory = typename B::buffer(c, bytes());
    kept->how = how_;
    std::size_t at = 0;
    for (const auto& v : values_) {
      ops::store(c, v, how_, kept->memory.data() + at);
      kept->sizes.push_back(v.size);
      at += bytes_of(v);
    }
    return kept;
  }

  /// Where keep() has put them.
  const std::byte* storage(const kept_values& from) const {
    constexpr const char* remedy = "resume from what a session of the same model and options kept";
    const auto* stored = dynamic_cast<const stored_values<B>*>(&from);
    if (!stored) throw error("kept values", "they are of another device", remedy);
    if (stored->how != how_ || !std::ranges::equal(values_, stored->sizes, {}, &view<T>::size))
      throw error("kept values", "they are of another net or size", remedy);
    return stored->memory.data();
  }
  /// From where `*base`, in the device's memory, points: the same work whatever that is.
  void load(context& c, const std::byte* const* base) const {
    std::size_t at = 0;
    for (const auto& v : values_) {
      ops::load(c, base, at, how_, v);
      at += bytes_of(v);
    }
  }

private:
  using ops = found_op<keeping, B>;
  std::size_t bytes_of(const view<T>& v) const { return graph::aligned(v.size.count() * stored_size<T>(how_)); }

  std::vector<view<T>> values_;
  kept_as how_;
};

}  // namespace viseme
