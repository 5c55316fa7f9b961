// Which kernel multiplies a 1x1 convolution in bf16 or fp16 where there are two.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace viseme::backends {

/// dense_product_mma, or dense_product_wgmma where there is Hopper's copy engine.
enum class product_kernel { mma, wgmma };

/// (rows, depth) times (depth, columns).
struct product_sizes {
  std::ptrdiff_t rows = 0;
  int depth = 0, columns = 0;

  bool operator==(const product_sizes&) const = default;
};

using product_chooser = product_kernel (*)(const product_sizes&);

/// Products that wgmma was measured to be faster for; bench/gpu.sh prints these lines. None has been measured yet.
inline constexpr std::array<product_sizes, 0> recorded_for_wgmma{};

inline product_kernel choose(const product_sizes& p, std::span<const product_sizes> recorded) {
  return std::ranges::find(recorded, p) != recorded.end() ? product_kernel::wgmma : product_kernel::mma;
}
inline product_kernel recorded_choice_of(const product_sizes& p) { return choose(p, recorded_for_wgmma); }

}  // namespace viseme::backends
