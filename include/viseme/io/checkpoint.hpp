// Reading a checkpoint of any known format, decided by the file's content and never by its name.
#pragma once

#include <array>
#include <cstring>
#include <filesystem>
#include <string_view>

#include <viseme/io/pth.hpp>
#include <viseme/io/safetensors.hpp>
#include <viseme/io/state_dict.hpp>

namespace viseme::io {

enum class checkpoint_format { pth_zip, pth_legacy, safetensors };

/// Throws `error` if the file is none of the three, with the reason where it is a known mistake (a Git LFS pointer, a web page).
inline checkpoint_format format_of(const std::filesystem::path& path) {
  input_file file(path);
  std::array<char, 16> head{};
  const auto present = std::min<std::uint64_t>(head.size(), file.size());
  file.read(0, std::as_writable_bytes(std::span(head).first(present)));
  const std::string_view start(head.data(), present);
  if (start.starts_with("PK\x03\x04")) return checkpoint_format::pth_zip;
  if (start.starts_with("\x80\x02\x8a\x0a")) return checkpoint_format::pth_legacy;
  std::uint64_t length = 0;
  std::memcpy(&length, head.data(), sizeof length);
  if (present > sizeof length && start[sizeof length] == '{' && length <= detail::largest_safetensors_header)
    return checkpoint_format::safetensors;
  const bool pointer = start.starts_with("version https:/"), page = start.starts_with("<");
  throw error("cannot read '" + file.name() + "'",
              pointer ? "it is a Git LFS pointer, not the file itself"
              : page  ? "it is a web page, not a checkpoint"
                      : "it is no .pth file of torch.save and no safetensors file",
              pointer || page ? "download the file itself" : "give a .pth, .pth.tar or .safetensors file");
}

/// Reads a .pth (zip or older), .pth.tar or .safetensors file. For the dict chosen inside a .pth see `detail::find_state_dict`.
inline checkpoint read_checkpoint(const std::filesystem::path& path) {
  switch (format_of(path)) {
    case checkpoint_format::pth_zip:
      return read_pth_zip(path);
    case checkpoint_format::pth_legacy:
      return read_pth_legacy(path);
    default:
      return read_safetensors(path);
  }
}

}  // namespace viseme::io
