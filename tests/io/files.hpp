// Files for the tests of this area: a folder that goes away, whole files as strings, damaged copies.
#pragma once

#include <zip.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <viseme/core/error.hpp>

namespace viseme::tests {

/// A fresh folder, removed with all it holds.
class scratch_folder {
public:
  scratch_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "viseme-test-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  scratch_folder(const scratch_folder&) = delete;
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  std::size_t files() const { return std::size_t(std::distance(std::filesystem::directory_iterator(path_), {})); }

private:
  std::filesystem::path path_;
};

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void spill(const std::filesystem::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

using zip_members = std::vector<std::pair<std::string, std::string>>;

inline void write_zip(const std::filesystem::path& path, const zip_members& members, bool deflate = false) {
  auto* zip = ::zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  BOOST_REQUIRE(zip);
  for (const auto& [name, bytes] : members) {
    const auto index = ::zip_file_add(zip, name.c_str(), ::zip_source_buffer(zip, bytes.data(), bytes.size(), 0), 0);
    BOOST_REQUIRE(index >= 0);
    BOOST_REQUIRE_EQUAL(::zip_set_file_compression(zip, zip_uint64_t(index), deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 9), 0);
  }
  BOOST_REQUIRE_EQUAL(::zip_close(zip), 0);
}

/// The message of the error that `action` throws: one line that holds `part`.
template <class Action>
void check_error(Action action, const std::string& part) {
  try {
    action();
    BOOST_ERROR("no error, expected one with '" + part + "'");
  } catch (const viseme::error& e) {
    const std::string message = e.what();
    BOOST_CHECK_MESSAGE(message.find(part) != message.npos, "'" + message + "' lacks '" + part + "'");
    BOOST_CHECK(message.find('\n') == message.npos);
  }
}

/// Every proper prefix of the file (every `step`-th) must be refused by `read` with an error.
template <class Read>
void check_truncations(const std::filesystem::path& path, Read read, std::size_t step = 1) {
  const auto whole = slurp(path);
  const auto damaged = path.string() + ".cut";
  for (std::size_t length = 0; length < whole.size(); length += step) {
    spill(damaged, whole.substr(0, length));
    BOOST_CHECK_THROW(read(damaged), viseme::error);
  }
}

/// With any one bit of the first `bytes` flipped, `read` either works or throws `error`; nothing else.
template <class Read>
void check_bit_flips(const std::filesystem::path& path, Read read, std::size_t bytes) {
  const auto whole = slurp(path);
  const auto damaged = path.string() + ".flipped";
  int refused = 0;
  for (std::size_t i = 0; i < std::min(bytes, whole.size()) * 8; ++i) {
    auto copy = whole;
    copy[i / 8] = char(copy[i / 8] ^ 1 << i % 8);
    spill(damaged, copy);
    try {
      read(damaged);
    } catch (const viseme::error&) {
      ++refused;
    }
  }
  BOOST_CHECK_GT(refused, 0);
}

}  // namespace viseme::tests
