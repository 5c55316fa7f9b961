// A file that appears under its final name whole or not at all.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <viseme/core/error.hpp>

namespace viseme::io {

/// Writes to a hidden temporary beside `final`, which `commit` syncs and renames; without `commit` nothing stays behind.
/// Not thread-safe. An existing file of the final name stays as it is until `commit`.
class atomic_file {
public:
  /// Creates the temporary. Throws `error` if the folder is missing or not writable.
  explicit atomic_file(std::filesystem::path final) : final_(std::move(final)) {
    static std::atomic<unsigned> serial{0};
    require(final_.has_filename(), describe(), "it is no file name", "give a file to write");
    const auto stem = "." + final_.filename().stem().string() + "." + std::to_string(::getpid()) + ".";
    for (int attempt = 0; descriptor_ < 0; ++attempt) {
      temporary_ = final_;
      temporary_.replace_filename(stem + std::to_string(serial++) + ".tmp" + final_.extension().string());
      descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (descriptor_ < 0 && (errno != EEXIST || attempt == 100)) fail("is its folder there and writable?");
    }
  }
  atomic_file(const atomic_file&) = delete;
  atomic_file& operator=(const atomic_file&) = delete;
  ~atomic_file() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (std::error_code ignored; !committed_) std::filesystem::remove(temporary_, ignored);
  }

  /// Appends `size` bytes. Throws `error` with the system's reason (no space left, file too large...).
  void write(const void* data, std::size_t size) {
    for (auto* at = static_cast<const char*>(data); size > 0;) {
      const auto written = ::write(descriptor_, at, size);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("free some space or write elsewhere");
      at += written;
      size -= std::size_t(written);
    }
  }
  void write(std::string_view text) { write(text.data(), text.size()); }

  /// Where the bytes are until `commit`, with the final name's extension. Another library may write, truncate or replace this file itself.
  std::filesystem::path temporary() const { return temporary_; }

  /// Syncs to disk and gives the file its final name, replacing what was there. Nothing may be written afterwards.
  void commit() {
    sync(temporary_, O_RDONLY);
    committed_ = ::rename(temporary_.c_str(), final_.c_str()) == 0;
    if (!committed_) fail("check that the target is no folder");
    const auto folder = final_.parent_path();
    try {
      sync(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
    } catch (const error&) {  // some file systems cannot sync a folder; the rename itself has been done
    }
  }

private:
  void sync(const std::filesystem::path& path, int flags) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
    const bool good = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int reason = errno;
    if (descriptor >= 0) ::close(descriptor);
    errno = reason;
    if (!good) fail("free some space or write elsewhere");
  }
  std::string describe() const { return "cannot write '" + final_.string() + "'"; }
  [[noreturn]] void fail(const std::string& remedy) const { throw error(describe(), std::strerror(errno), remedy); }

  std::filesystem::path final_, temporary_;
  int descriptor_ = -1;
  bool committed_ = false;
};

/// Writes all of `text` under `path`, whole or not at all.
inline void write_text(const std::filesystem::path& path, std::string_view text) {
  atomic_file file(path);
  file.write(text);
  file.commit();
}

}  // namespace viseme::io
