// Where test data lies, and how a suite that lacks it is skipped by name.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

namespace viseme::tests {

inline std::filesystem::path folder(const char* variable) {
  const char* value = std::getenv(variable);
  return value ? value : "";
}

inline std::filesystem::path golden() { return folder("VISEME_GOLDEN"); }
inline std::filesystem::path test_data() { return folder("VISEME_TEST_DATA"); }
inline std::filesystem::path programs() { return folder("VISEME_BIN"); }
inline std::filesystem::path source() { return folder("VISEME_SOURCE"); }

/// Decorator for a suite or case: `*boost::unit_test::precondition(needs("VISEME_GOLDEN"))`. ctest reports the file as skipped.
struct needs {
  std::string variable;
  explicit needs(std::string v) : variable(std::move(v)) {}
  boost::test_tools::assertion_result operator()(boost::unit_test::test_unit_id) const {
    if (!folder(variable.c_str()).empty()) return true;
    std::cout << "skipped: needs $" << variable << std::endl;
    return false;
  }
};

}  // namespace viseme::tests
