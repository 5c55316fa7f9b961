// Frame rates as exact fractions: 25/1, 30000/1001.
#pragma once

#include <cstdint>
#include <numeric>
#include <string>

#include <viseme/core/error.hpp>

namespace viseme {

/// A positive fraction in lowest terms.
struct rational {
  std::int64_t num = 25, den = 1;

  constexpr bool operator==(const rational&) const = default;
  constexpr double value() const { return double(num) / double(den); }
};

constexpr rational reduced(std::int64_t num, std::int64_t den) {
  const auto divisor = std::gcd(num, den);
  return divisor ? rational{num / divisor, den / divisor} : rational{num, den};
}

inline std::string text(rational r) { return std::to_string(r.num) + "/" + std::to_string(r.den); }

/// Parses "25", "25/1", "30000/1001" or "29.97" (three decimals at most). Throws `error` on anything else or outside (0, 1000].
inline rational parse_rational(const std::string& s) {
  const auto fail = [&]() -> rational { throw error("frame rate '" + s + "'", "not a positive number or fraction up to 1000", "write 25, 29.97 or 30000/1001"); };
  const auto digits = [](const std::string& t) { return !t.empty() && t.size() <= 9 && t.find_first_not_of("0123456789") == std::string::npos; };
  rational r;
  if (const auto slash = s.find('/'); slash != std::string::npos) {
    const auto a = s.substr(0, slash), b = s.substr(slash + 1);
    if (!digits(a) || !digits(b) || std::stoll(b) == 0) return fail();
    r = reduced(std::stoll(a), std::stoll(b));
  } else if (const auto dot = s.find('.'); dot != std::string::npos) {
    const auto a = s.substr(0, dot), b = s.substr(dot + 1);
    if (!digits(a) || !digits(b) || b.size() > 3) return fail();
    std::int64_t scale = 1;
    for (std::size_t i = 0; i < b.size(); ++i) scale *= 10;
    r = reduced(std::stoll(a) * scale + std::stoll(b), scale);
  } else {
    if (!digits(s)) return fail();
    r = {std::stoll(s), 1};
  }
  return r.num > 0 && r.num <= 1000 * r.den ? r : fail();
}

/// Smallest whole number of frames that covers `samples` at `rate` Hz: ceil(samples x fps / rate).
constexpr std::int64_t frames_covering(std::int64_t samples, std::int64_t rate, rational fps) {
  const std::int64_t d = rate * fps.den;
  return (samples * fps.num + d - 1) / d;
}

}  // namespace viseme
