// Errors: what a user can do something about is an exception with three parts, printed as one line.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace viseme {

/// A failure a user can act on. `what()` is one line, "what: why: what to do".
class error : public std::runtime_error {
public:
  error(const std::string& what, const std::string& why, const std::string& remedy)
      : std::runtime_error(what + ": " + why + ": " + remedy) {}
};

/// Throws `error` unless `condition` holds.
inline void require(bool condition, const std::string& what, const std::string& why, const std::string& remedy) {
  if (!condition) throw error(what, why, remedy);
}

}  // namespace viseme
