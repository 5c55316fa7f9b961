// The safetensors format: 8 bytes of header length, a JSON header, then the tensors' bytes (github.com/huggingface/safetensors).
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include <viseme/io/atomic_file.hpp>
#include <viseme/io/input_file.hpp>
#include <viseme/io/state_dict.hpp>

namespace viseme::io {

namespace detail {

constexpr std::pair<std::string_view, element> safetensors_types[] = {
    {"F64", element::f64}, {"F32", element::f32}, {"F16", element::f16}, {"BF16", element::bf16}, {"I64", element::i64},
    {"I32", element::i32}, {"I16", element::i16}, {"I8", element::i8},   {"U8", element::u8},     {"BOOL", element::boolean}};

constexpr std::uint64_t largest_safetensors_header = 100'000'000;

/// Parses the header; nesting is at most what the format needs, and a name given twice is refused (the parser itself would keep the last).
inline nlohmann::ordered_json parse_header(const std::string& text, const std::string& file) {
  const auto fail = [&](const std::string& why) { throw error("cannot read '" + file + "'", why, "copy, download or save it again"); };
  std::vector<std::unordered_map<std::string, bool>> names;
  const auto check = [&](int depth, nlohmann::ordered_json::parse_event_t event, nlohmann::ordered_json& parsed) {
    using event_t = nlohmann::ordered_json::parse_event_t;
    if (depth > 3) fail("its header is nested too deeply");
    if (event == event_t::object_start) names.emplace_back();
    if (event == event_t::object_end) names.pop_back();
    if (event == event_t::key && !names.back().emplace(parsed.get<std::string>(), true).second)
      fail("its header holds '" + parsed.get<std::string>() + "' twice");
    return true;
  };
  try {
    return nlohmann::ordered_json::parse(text, check);
  } catch (const nlohmann::json::exception&) {
    fail("its header is no valid JSON");
  }
  return {};
}

}  // namespace detail

/// Reads a safetensors file; tensors come in the order of their data. Throws `error` on a header that is malformed, over 100 MB or larger
/// than the file, on an element type without a counterpart in `element`, and on data that overlaps, leaves gaps or does not match its
/// sizes.
inline checkpoint read_safetensors(const std::filesystem::path& path) {
  input_file file(path);
  const auto fail = [&](const std::string& why) {
    throw error("cannot read '" + file.name() + "'", why, "copy, download or save it again");
  };
  std::uint64_t length = 0;
  file.read(0, std::as_writable_bytes(std::span(&length, 1)));
  if (length > detail::largest_safetensors_header || length > file.size() - sizeof length)
    fail("its header is larger than the file or 100 MB");
  std::string text(length, '\0');
  file.read(sizeof length, std::as_writable_bytes(std::span(text)));
  const auto header = detail::parse_header(text, file.name());
  if (!header.is_object()) fail("its header is no JSON object");

  struct place {
    std::string name;
    element type;
    std::vector<std::int64_t> sizes;
    std::uint64_t begin, end;
  };
  checkpoint result;
  std::vector<place> places;
  for (const auto& [name, entry] : header.items()) {
    if (!entry.is_object()) fail("the entry '" + name + "' of its header is no object");
    if (name == "__metadata__") {
      for (const auto& [key, item] : entry.items()) {
        if (!item.is_string()) fail("its metadata '" + key + "' is no text");
        result.metadata[key] = item.get<std::string>();
      }
      continue;
    }
    const auto type = entry.find("dtype"), shape = entry.find("shape"), offsets = entry.find("data_offsets");
    const auto numbers = [&](auto list) {
      return list != entry.end() && list->is_array() && std::all_of(list->begin(), list->end(), [](const auto& n) {
               return n.is_number_unsigned() && n.template get<std::uint64_t>() <= std::uint64_t(std::numeric_limits<std::int64_t>::max());
             });
    };
    if (type == entry.end() || !type->is_string() || !numbers(shape) || !numbers(offsets) || offsets->size() != 2)
      fail("the entry of tensor '" + name + "' is malformed");
    const auto known = std::find_if(std::begin(detail::safetensors_types), std::end(detail::safetensors_types),
                                    [&](const auto& t) { return t.first == type->template get_ref<const std::string&>(); });
    if (known == std::end(detail::safetensors_types)) fail("tensor '" + name + "' has the unsupported type " + type->dump());
    place p{name, known->second, shape->get<std::vector<std::int64_t>>(), offsets->at(0).get<std::uint64_t>(),
            offsets->at(1).get<std::uint64_t>()};
    const auto count = checked_count(p.sizes, size_of(p.type));
    if (!count || p.end < p.begin || p.end - p.begin != *count * size_of(p.type))
      fail("the bytes of tensor '" + name + "' do not match its sizes");
    places.push_back(std::move(p));
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const place& a, const place& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  const std::uint64_t data = sizeof length + length;
  std::uint64_t at = 0;
  for (auto& p : places) {
    if (p.begin != at) fail("the bytes of tensor '" + p.name + "' overlap another's or leave a gap");
    if (p.end > file.size() - data) fail("the file is truncated");
    at = p.end;
    auto bytes = file.read(data + p.begin, p.end - p.begin);
    result.tensors.add(std::move(p.name), {p.type, std::move(p.sizes), std::move(bytes)});
  }
  if (data + at != file.size()) fail("there are " + std::to_string(file.size() - data - at) + " bytes after its last tensor");
  return result;
}

/// Writes tensors in their order, the same bytes for the same checkpoint. Throws `error` if the file cannot be written.
inline void write_safetensors(const std::filesystem::path& path, const checkpoint& content) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!content.metadata.empty()) header["__metadata__"] = content.metadata;
  std::uint64_t at = 0;
  auto& entries = header.get_ref<nlohmann::ordered_json::object_t&>();
  for (const auto& [name, tensor] : content.tensors) {
    require(name != "__metadata__", "cannot write '" + path.string() + "'", "a tensor is named __metadata__", "rename it");
    nlohmann::ordered_json entry;
    entry["dtype"] = std::find_if(std::begin(detail::safetensors_types), std::end(detail::safetensors_types), [&](const auto& t) {
                       return t.second == tensor.type;
                     })->first;
    entry["shape"] = tensor.sizes;
    entry["data_offsets"] = {at, at + tensor.bytes.size()};
    entries.push_back({name, std::move(entry)});
    at += tensor.bytes.size();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw error("cannot write '" + path.string() + "'", "a name or metadata text is not UTF-8", "rename it");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  atomic_file file(path);
  file.write(&length, sizeof length);
  file.write(text);
  for (const auto& [name, tensor] : content.tensors) file.write(tensor.bytes.data(), tensor.bytes.size());
  file.commit();
}

}  // namespace viseme::io
