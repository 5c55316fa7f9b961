// Reading a file from outside at given offsets, every read checked against its size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <viseme/core/error.hpp>

namespace viseme::io {

/// A regular file open for reading; its size is taken once. All failures are `error`s that name the file.
class input_file {
public:
  explicit input_file(const std::filesystem::path& path) : name_(path.string()), stream_(path, std::ios::binary) {
    std::error_code problem;
    require(std::filesystem::is_regular_file(path, problem), "cannot read '" + name_ + "'",
            std::filesystem::exists(path, problem) ? "it is no regular file" : "no such file", "check the path");
    size_ = std::filesystem::file_size(path, problem);
    require(!problem && stream_.is_open(), "cannot read '" + name_ + "'", "it cannot be opened", "check its permissions");
  }

  std::uint64_t size() const { return size_; }
  const std::string& name() const { return name_; }

  /// Fills `target` from `offset`. Throws `error` if the file is shorter.
  void read(std::uint64_t offset, std::span<std::byte> target) {
    const bool inside = offset <= size_ && target.size() <= size_ - offset;
    if (inside && !target.empty()) {
      stream_.seekg(std::streamoff(offset));
      stream_.read(reinterpret_cast<char*>(target.data()), std::streamsize(target.size()));
    }
    require(inside && stream_.good(), "cannot read '" + name_ + "'", "the file is truncated", "copy or download it again");
  }

  std::vector<std::byte> read(std::uint64_t offset, std::uint64_t count) {
    require(offset <= size_ && count <= size_ - offset, "cannot read '" + name_ + "'", "the file is truncated",
            "copy or download it again");
    std::vector<std::byte> bytes(count);
    read(offset, std::span<std::byte>(bytes));
    return bytes;
  }

private:
  std::string name_;
  std::ifstream stream_;
  std::uint64_t size_ = 0;
};

}  // namespace viseme::io
