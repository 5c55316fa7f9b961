// Reading members of a zip file from outside, with bounds on what it may unpack to.
#pragma once

#include <zip.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/io/input_file.hpp>

namespace viseme::io {

/// The index of a zip file and its members by name. Members are stored or deflated; their declared sizes must add up to at most
/// 64 times the file's size plus 64 MiB. All failures are `error`s that name the file.
class zip_archive {
public:
  explicit zip_archive(const std::filesystem::path& path) : name_(path.string()) {
    const input_file exists(path);
    int code = 0;
    archive_.reset(::zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
    if (!archive_) {
      zip_error_t problem;
      ::zip_error_init_with_code(&problem, code);
      const std::string reason = ::zip_error_strerror(&problem);
      ::zip_error_fini(&problem);
      fail(reason);
    }
    std::uint64_t left = exists.size() * 64 + (std::uint64_t(64) << 20);
    const auto members = ::zip_get_num_entries(archive_.get(), 0);
    for (zip_int64_t i = 0; i < members; ++i) {
      zip_stat_t status;
      constexpr auto needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
      if (::zip_stat_index(archive_.get(), zip_uint64_t(i), 0, &status) != 0 || (status.valid & needed) != needed)
        fail("its index is damaged");
      if (status.encryption_method != ZIP_EM_NONE) fail("it is encrypted");
      if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE) fail("it uses an unusual compression");
      if (status.size > left) fail("it claims to unpack to far more than its size");
      left -= status.size;
      if (!members_.emplace(status.name, member{zip_uint64_t(i), status.size}).second)
        fail("two members are named '" + std::string(status.name) + "'");
    }
  }

  struct member {
    std::uint64_t index, size;
  };
  /// Members by name, in the names' order.
  const std::map<std::string, member>& members() const { return members_; }
  bool contains(const std::string& member_name) const { return members_.count(member_name) > 0; }

  /// Bytes a member unpacks to, as declared. Throws `error` if there is no such member.
  std::uint64_t size(const std::string& member_name) const { return find(member_name).size; }

  /// The whole member; its length and checksum are verified.
  std::vector<std::byte> read(const std::string& member_name) const {
    const auto& wanted = find(member_name);
    struct close {
      void operator()(zip_file_t* f) const { ::zip_fclose(f); }
    };
    const std::unique_ptr<zip_file_t, close> file(::zip_fopen_index(archive_.get(), wanted.index, 0));
    if (!file) fail("member '" + member_name + "': " + ::zip_strerror(archive_.get()));
    std::vector<std::byte> bytes(wanted.size);
    std::uint64_t at = 0;
    std::byte beyond;
    for (;;) {  // reads once past the end: libzip checks the checksum there
      const bool full = at == bytes.size();
      const auto got = ::zip_fread(file.get(), full ? &beyond : bytes.data() + at, full ? 1 : bytes.size() - at);
      if (got < 0) fail("member '" + member_name + "': " + ::zip_file_strerror(file.get()));
      if (full != (got == 0)) fail("member '" + member_name + "' has not the length it claims");
      if (full) return bytes;
      at += std::uint64_t(got);
    }
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw error("cannot read '" + name_ + "'", why, "copy, download or save it again");
  }

private:
  const member& find(const std::string& member_name) const {
    const auto found = members_.find(member_name);
    if (found == members_.end()) fail("it lacks the member '" + member_name + "'");
    return found->second;
  }

  struct discard {
    void operator()(zip_t* z) const { ::zip_discard(z); }
  };
  std::string name_;
  std::unique_ptr<zip_t, discard> archive_;
  std::map<std::string, member> members_;
};

}  // namespace viseme::io
