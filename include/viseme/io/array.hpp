// An array as files hold it: element type, sizes and row-major bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/io/element.hpp>

namespace viseme::io {

/// Product of `sizes`, or nothing if one is negative or the product (zero sizes left out) times `element_size` passes 2^62.
inline std::optional<std::uint64_t> checked_count(std::span<const std::int64_t> sizes, std::size_t element_size = 1) {
  std::uint64_t product = 1;
  bool empty = false;
  for (const auto size : sizes) {
    if (size < 0) return {};
    if (size == 0)
      empty = true;
    else if (std::uint64_t(size) > (std::uint64_t(1) << 62) / element_size / product)
      return {};
    else
      product *= std::uint64_t(size);
  }
  return empty ? 0 : product;
}

inline std::string text(std::span<const std::int64_t> sizes) {
  std::string s = "(";
  for (std::size_t i = 0; i < sizes.size(); ++i) s += (i ? ", " : "") + std::to_string(sizes[i]);
  return s + ")";
}

/// The element of a C++ type; `bool` is stored as a byte.
template <class T>
constexpr element element_of() {
  if constexpr (std::is_same_v<T, double>)
    return element::f64;
  else if constexpr (std::is_same_v<T, float>)
    return element::f32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return element::i64;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return element::i32;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return element::i16;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return element::i8;
  else if constexpr (std::is_same_v<T, bool>)
    return element::boolean;
  else {
    static_assert(std::is_same_v<T, std::uint8_t>, "this type has no array element");
    return element::u8;
  }
}

/// `bytes.size()` is `count() * size_of(type)`; no sizes mean a scalar of one element.
struct array {
  element type = element::f32;
  std::vector<std::int64_t> sizes;
  std::vector<std::byte> bytes;

  std::size_t count() const { return bytes.size() / size_of(type); }

  /// Every element as T; bf16 and fp16 are widened, other types converted as by static_cast.
  template <class T>
  std::vector<T> to() const {
    std::vector<T> values(count());
    const auto convert = [&]<class Stored>(Stored, auto widen) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        Stored stored;
        std::memcpy(&stored, bytes.data() + i * sizeof stored, sizeof stored);
        values[i] = static_cast<T>(widen(stored));
      }
    };
    const auto as_is = [](auto v) { return v; };
    switch (type) {
      case element::f64:
        convert(double{}, as_is);
        break;
      case element::f32:
        convert(float{}, as_is);
        break;
      case element::f16:
        convert(std::uint16_t{}, from_f16);
        break;
      case element::bf16:
        convert(std::uint16_t{}, from_bf16);
        break;
      case element::i64:
        convert(std::int64_t{}, as_is);
        break;
      case element::i32:
        convert(std::int32_t{}, as_is);
        break;
      case element::i16:
        convert(std::int16_t{}, as_is);
        break;
      case element::i8:
        convert(std::int8_t{}, as_is);
        break;
      case element::u8:
        convert(std::uint8_t{}, as_is);
        break;
      case element::boolean:
        convert(std::uint8_t{}, [](std::uint8_t v) { return std::uint8_t(v != 0); });
        break;
    }
    return values;
  }
  std::vector<float> to_float() const { return to<float>(); }
  std::vector<double> to_double() const { return to<double>(); }

  /// The elements in place. Throws `error` if the array holds another type.
  template <class T>
  std::span<const T> as() const {
    require(type == element_of<T>(), "array of " + std::string(name_of(type)), "wanted " + std::string(name_of(element_of<T>())),
            "convert it first");
    return {reinterpret_cast<const T*>(bytes.data()), count()};
  }

  /// A copy with floating elements rounded to `target` (fp32, fp16 or bf16); integers stay as they are.
  array converted(element target) const {
    if (!is_floating(type) || type == target) return *this;
    array result{target, sizes, std::vector<std::byte>(count() * size_of(target))};
    const auto store = [&](const auto& values, auto narrow) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        const auto v = narrow(values[i]);
        std::memcpy(result.bytes.data() + i * sizeof v, &v, sizeof v);
      }
    };
    switch (target) {
      case element::f64:
        store(to_double(), [](double v) { return v; });
        break;
      case element::f32:
        store(to_float(), [](float v) { return v; });
        break;
      case element::f16:
        store(to_float(), to_f16);
        break;
      case element::bf16:
        store(to_float(), to_bf16);
        break;
      default:
        throw error("array", "a floating array cannot become " + std::string(name_of(target)), "choose fp32, fp16 or bf16");
    }
    return result;
  }

  /// Copies `values`; throws `error` unless the product of `sizes` is their number.
  template <class T>
  static array of(std::span<const T> values, std::vector<std::int64_t> sizes) {
    require(checked_count(sizes) == values.size(), "array " + io::text(sizes), "it was given " + std::to_string(values.size()) + " values",
            "give one value per element");
    array result{element_of<T>(), std::move(sizes), std::vector<std::byte>(values.size_bytes())};
    if (!values.empty()) std::memcpy(result.bytes.data(), values.data(), values.size_bytes());
    return result;
  }
  template <class T>
  static array of(const std::vector<T>& values, std::vector<std::int64_t> sizes) {
    return of(std::span<const T>(values), std::move(sizes));
  }

  bool operator==(const array&) const = default;
};

}  // namespace viseme::io
