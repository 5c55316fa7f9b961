// Writing a .pth file that torch.load and load_state_dict take: torch.save's zip format with an OrderedDict of tensors.
#pragma once

#include <zip.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <viseme/io/atomic_file.hpp>
#include <viseme/io/state_dict.hpp>

namespace viseme::io {

namespace detail {

/// Writes pickle instructions of protocol 2.
class pickle_writer {
public:
  pickle_writer() { code_ = "\x80\x02"; }
  pickle_writer& raw(std::string_view instructions) { return code_ += instructions, *this; }
  pickle_writer& global(std::string_view module, std::string_view name) { return raw("c").raw(module).raw("\n").raw(name).raw("\n"); }
  pickle_writer& text(std::string_view words) { return raw("X").little_endian(words.size(), 4).raw(words); }
  pickle_writer& integer(std::int64_t value) {
    if (value >= 0 && value < 256) return raw("K").little_endian(std::uint64_t(value), 1);
    if (value >= 0 && value <= 0x7fffffff) return raw("J").little_endian(std::uint64_t(value), 4);
    return raw("\x8a\x08").little_endian(std::uint64_t(value), 8);
  }
  pickle_writer& tuple(const std::vector<std::int64_t>& numbers) {
    raw("(");
    for (const auto n : numbers) integer(n);
    return raw("t");
  }
  const std::string& code() const { return code_; }

private:
  pickle_writer& little_endian(std::uint64_t value, int bytes) {
    for (; bytes > 0; --bytes, value >>= 8) code_ += char(value & 0xff);
    return *this;
  }
  std::string code_;
};

inline std::string_view storage_name(element type) {
  constexpr std::string_view names[] = {"DoubleStorage", "FloatStorage", "HalfStorage", "BFloat16Storage", "LongStorage",
                                        "IntStorage",    "ShortStorage", "CharStorage", "ByteStorage",     "BoolStorage"};
  return names[std::size_t(type)];
}

/// The pickle of an OrderedDict: name -> _rebuild_tensor_v2(storage i, 0, sizes, strides, False, OrderedDict()).
inline std::string pickled(const state_dict& tensors) {
  pickle_writer out;
  out.global("collections", "OrderedDict").raw(")R(");
  std::int64_t index = 0;
  for (const auto& [name, tensor] : tensors) {
    std::vector<std::int64_t> strides(tensor.sizes.size());
    std::int64_t step = 1;
    for (std::size_t i = strides.size(); i-- > 0; step *= std::max<std::int64_t>(tensor.sizes[i], 1)) strides[i] = step;
    out.text(name).global("torch._utils", "_rebuild_tensor_v2").raw("((");
    out.text("storage").global("torch", storage_name(tensor.type)).text(std::to_string(index++)).text("cpu");
    out.integer(std::int64_t(tensor.count())).raw("tQ").integer(0).tuple(tensor.sizes).tuple(strides);
    out.raw("\x89").global("collections", "OrderedDict").raw(")RtR");
  }
  return out.raw("u.").code();
}

}  // namespace detail

/// Writes the tensors in their order, stored without compression; metadata goes into a member of its own that PyTorch passes over.
/// Throws `error` if the file cannot be written.
inline void write_pth(const std::filesystem::path& path, const checkpoint& content) {
  atomic_file file(path);
  const auto fail = [&](const char* reason) {
    throw error("cannot write '" + path.string() + "'", reason, "free some space or write elsewhere");
  };
  struct discard {
    void operator()(zip_t* z) const { ::zip_discard(z); }
  };
  int code = 0;
  std::unique_ptr<zip_t, discard> zip(::zip_open(file.temporary().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!zip) fail("the zip library cannot open it");
  const auto add = [&](const std::string& name, const void* data, std::size_t size) {
    auto* source = ::zip_source_buffer(zip.get(), data, size, 0);
    const auto index = source ? ::zip_file_add(zip.get(), ("archive/" + name).c_str(), source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0 && source) ::zip_source_free(source);
    if (index < 0 || ::zip_set_file_compression(zip.get(), zip_uint64_t(index), ZIP_CM_STORE, 0) != 0 ||
        ::zip_file_set_dostime(zip.get(), zip_uint64_t(index), 0, 0x21, 0) != 0)  // 1 January 1980: the same bytes every time
      fail(::zip_strerror(zip.get()));
  };
  const auto code_bytes = detail::pickled(content.tensors),
             metadata = nlohmann::json(content.metadata).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  add("data.pkl", code_bytes.data(), code_bytes.size());
  add("byteorder", "little", 6);
  if (!content.metadata.empty()) add("extra/metadata.json", metadata.data(), metadata.size());
  std::size_t index = 0;
  for (const auto& [name, tensor] : content.tensors) add("data/" + std::to_string(index++), tensor.bytes.data(), tensor.bytes.size());
  add("version", "3\n", 2);
  if (::zip_close(zip.get()) != 0) fail(::zip_strerror(zip.get()));
  zip.release();
  file.commit();
}

}  // namespace viseme::io
