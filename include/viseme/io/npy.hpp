// NumPy's .npy arrays and .npz archives of them (numpy.lib.format, versions 1 to 3), little-endian.
#pragma once

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <viseme/io/array.hpp>
#include <viseme/io/atomic_file.hpp>
#include <viseme/io/input_file.hpp>
#include <viseme/io/zip_archive.hpp>

namespace viseme::io {

namespace detail {

/// The header's three facts. `type` is NumPy's word: "<f4", "|u1", "<U12".
struct npy_header {
  std::string type;
  bool fortran = false;
  std::vector<std::int64_t> sizes;
  std::size_t data = 0;  // where the elements start
};

[[noreturn]] inline void npy_fail(const std::string& source, const std::string& why,
                                  const std::string& remedy = "save it again with numpy.save") {
  throw error("cannot read '" + source + "'", why, remedy);
}

/// Parses the header's Python dict: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, keys in any order, each once.
class npy_parser {
public:
  npy_parser(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  npy_header parse() {
    npy_header header;
    int seen = 0;
    for (expect('{'); !accept('}');) {
      const auto key = quoted();
      expect(':');
      if (key == "descr") {
        if (peek() != '\'' && peek() != '"') npy_fail(source_, "it holds records", "save one plain array");
        header.type = quoted(), seen += 1;
      } else if (key == "fortran_order") {
        header.fortran = boolean(), seen += 8;
      } else if (key == "shape") {
        header.sizes = tuple(), seen += 64;
      } else {
        damaged();
      }
      if (!accept(',') && peek() != '}') damaged();
    }
    if (seen != 73 || peek() != '\0') damaged();  // 1 + 8 + 64: each key once
    return header;
  }

private:
  [[noreturn]] void damaged() const { npy_fail(source_, "its header is damaged"); }
  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) { return peek() == c && c ? ++at_, true : false; }
  void expect(char c) {
    if (!accept(c)) damaged();
  }
  std::string quoted() {
    const char mark = peek();
    if (mark != '\'' && mark != '"') damaged();
    const auto end = text_.find(mark, ++at_);
    if (end == text_.npos) damaged();
    const auto word = text_.substr(at_, end - at_);
    at_ = end + 1;
    return std::string(word);
  }
  bool boolean() {
    peek();
    for (const std::string_view word : {"True", "False"})
      if (text_.substr(at_).starts_with(word)) return at_ += word.size(), word == "True";
    damaged();
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> sizes;
    for (expect('('); !accept(')');) {
      std::int64_t size = 0;
      if (!std::isdigit(static_cast<unsigned char>(peek())) || sizes.size() == 32) damaged();
      for (; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])); ++at_)
        if (__builtin_mul_overflow(size, 10, &size) || __builtin_add_overflow(size, text_[at_] - '0', &size)) damaged();
      sizes.push_back(size);
      if (!accept(',') && peek() != ')') damaged();
    }
    return sizes;
  }

  std::string_view text_;
  const std::string& source_;
  std::size_t at_ = 0;
};

inline npy_header read_npy_header(std::span<const std::byte> file, const std::string& source) {
  const std::string_view bytes(reinterpret_cast<const char*>(file.data()), file.size());
  if (!bytes.starts_with(std::string_view("\x93NUMPY", 6))) npy_fail(source, "it is no .npy array", "give a file of numpy.save");
  const int version = bytes.size() > 6 ? bytes[6] : 0;
  if (bytes.size() > 6 && (version < 1 || version > 3)) npy_fail(source, "its format version is unknown");
  const std::size_t digits = version == 1 ? 2 : 4, start = 8 + digits;
  if (bytes.size() < start) npy_fail(source, "the file is truncated");
  std::size_t length = 0;
  for (std::size_t i = digits; i-- > 0;) length = length << 8 | static_cast<unsigned char>(bytes[8 + i]);
  if (length > std::size_t(1) << 20) npy_fail(source, "its header is larger than 1 MiB");
  if (bytes.size() - start < length) npy_fail(source, "the file is truncated");
  auto header = npy_parser(bytes.substr(start, length), source).parse();
  header.data = start + length;
  return header;
}

inline element npy_element(const std::string& type, const std::string& source) {
  static const std::map<std::string, element> types = {{"<f8", element::f64}, {"<f4", element::f32}, {"<f2", element::f16},
                                                       {"<i8", element::i64}, {"<i4", element::i32}, {"<i2", element::i16},
                                                       {"|i1", element::i8},  {"|u1", element::u8},  {"|b1", element::boolean}};
  const auto found = types.find(type);
  if (found != types.end()) return found->second;
  if (type.find('O') != type.npos) npy_fail(source, "it holds Python objects, which are never read here", "save a plain array");
  if (type.starts_with('>')) npy_fail(source, "it is big-endian", "save it as little-endian");
  npy_fail(source, "elements of type '" + type.substr(0, 40) + "' are not supported", "save it as float32");
}

/// Row-major bytes of column-major ones.
inline std::vector<std::byte> from_fortran(std::span<const std::byte> bytes, const std::vector<std::int64_t>& sizes, std::size_t step) {
  std::vector<std::byte> result(bytes.size());
  std::vector<std::size_t> position(sizes.size()), stride(sizes.size(), step);
  for (std::size_t i = 1; i < sizes.size(); ++i) stride[i] = stride[i - 1] * std::size_t(sizes[i - 1]);
  for (std::size_t to = 0, from = 0; to < bytes.size(); to += step) {
    std::memcpy(result.data() + to, bytes.data() + from, step);
    for (std::size_t axis = sizes.size(); axis-- > 0;) {
      from += stride[axis];
      if (++position[axis] < std::size_t(sizes[axis])) break;
      from -= stride[axis] * position[axis];
      position[axis] = 0;
    }
  }
  return result;
}

/// The elements' bytes in row-major order, checked to be exactly what the header says.
inline std::vector<std::byte> npy_data(const npy_header& header, std::span<const std::byte> file, std::size_t step,
                                       const std::string& source) {
  const auto count = checked_count(header.sizes, step);
  if (!count || *count * step != file.size() - header.data)
    npy_fail(source, "its " + std::to_string(file.size() - header.data) + " bytes do not match its shape " + text(header.sizes));
  const auto data = file.subspan(header.data);
  return header.fortran ? from_fortran(data, header.sizes, step) : std::vector<std::byte>(data.begin(), data.end());
}

inline bool is_npy_text(const std::string& type) { return type.starts_with("<U") || type.starts_with("|U"); }

inline array npy_array(std::span<const std::byte> file, const std::string& source) {
  auto header = read_npy_header(file, source);
  const auto type = npy_element(header.type, source);
  auto bytes = npy_data(header, file, size_of(type), source);
  return {type, std::move(header.sizes), std::move(bytes)};
}

inline std::string utf8(char32_t c) {
  if (c < 0x80) return {char(c)};
  if (c < 0x800) return {char(0xc0 | c >> 6), char(0x80 | (c & 63))};
  if (c < 0x10000) return {char(0xe0 | c >> 12), char(0x80 | (c >> 6 & 63)), char(0x80 | (c & 63))};
  return {char(0xf0 | c >> 18), char(0x80 | (c >> 12 & 63)), char(0x80 | (c >> 6 & 63)), char(0x80 | (c & 63))};
}

/// Elements of a '<Un' array: n code points of 4 bytes each, padded by zeros.
inline std::vector<std::string> npy_words(std::span<const std::byte> file, const std::string& source) {
  const auto header = read_npy_header(file, source);
  if (!is_npy_text(header.type) || header.type.size() < 3 || header.type.size() > 8 ||
      header.type.find_first_not_of("0123456789", 2) != std::string::npos)
    npy_fail(source, "it holds no text", "name a member of text");
  const std::size_t width = std::stoul(header.type.substr(2)), step = 4 * width;
  if (width == 0) npy_fail(source, "it holds empty text", "name a member of text");
  const auto bytes = npy_data(header, file, step, source);
  std::vector<std::string> words(bytes.size() / step);
  for (std::size_t i = 0; i < words.size() * width; ++i) {
    char32_t c;
    std::memcpy(&c, bytes.data() + 4 * i, 4);
    if (c > 0x10ffff) npy_fail(source, "its text is damaged");
    if (c) words[i / width] += utf8(c);
  }
  return words;
}

}  // namespace detail

/// Reads one array, C or Fortran order, as row-major. Throws `error` on objects, records, big-endian or complex elements, and on a file
/// whose length is not exactly what its header says.
inline array read_npy(const std::filesystem::path& path) {
  input_file file(path);
  return detail::npy_array(file.read(0, file.size()), file.name());
}

/// Reads every numeric member of an .npz, by name without ".npy"; members of text are left to `read_npz_strings`.
inline std::map<std::string, array> read_npz(const std::filesystem::path& path) {
  const zip_archive zip(path);
  std::map<std::string, array> arrays;
  for (const auto& [name, unused] : zip.members()) {
    if (!name.ends_with(".npy")) zip.fail("its member '" + name + "' is no .npy array");
    const auto bytes = zip.read(name);
    const auto source = path.string() + ":" + name;
    if (!detail::is_npy_text(detail::read_npy_header(bytes, source).type))
      arrays.emplace(name.substr(0, name.size() - 4), detail::npy_array(bytes, source));
  }
  return arrays;
}

/// Reads a member of text of an .npz as UTF-8, row-major. Throws `error` if there is no such member or it holds no text.
inline std::vector<std::string> read_npz_strings(const std::filesystem::path& path, const std::string& member) {
  const zip_archive zip(path);
  return detail::npy_words(zip.read(member + ".npy"), path.string() + ":" + member);
}

/// Writes version 1.0, row-major. bfloat16, which NumPy lacks, becomes float32. Throws `error` if the file cannot be written.
inline void write_npy(const std::filesystem::path& path, const array& values) {
  if (values.type == element::bf16) return write_npy(path, values.converted(element::f32));
  constexpr std::string_view types[] = {"<f8", "<f4", "<f2", "", "<i8", "<i4", "<i2", "|i1", "|u1", "|b1"};
  std::string shape = "(";
  for (const auto size : values.sizes) shape += std::to_string(size) + (values.sizes.size() == 1 ? "," : ", ");
  if (values.sizes.size() > 1) shape.resize(shape.size() - 2);
  std::string header =
      "{'descr': '" + std::string(types[std::size_t(values.type)]) + "', 'fortran_order': False, 'shape': " + shape + "), }";
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  atomic_file file(path);
  file.write(std::string("\x93NUMPY\x01\x00", 8) + char(header.size() & 0xff) + char(header.size() >> 8));
  file.write(header);
  file.write(values.bytes.data(), values.bytes.size());
  file.commit();
}

}  // namespace viseme::io
