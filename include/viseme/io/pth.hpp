// Reading what torch.save wrote: the zip format (PyTorch 1.6 and later) and the older one of concatenated pickles.
#pragma once

#include <cstring>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <nlohmann/json.hpp>

#include <viseme/io/input_file.hpp>
#include <viseme/io/pickle.hpp>
#include <viseme/io/state_dict.hpp>
#include <viseme/io/zip_archive.hpp>

namespace viseme::io {

namespace detail {

using byte_span = std::span<const std::byte>;

/// A tensor's view of a storage; all numbers checked on their own, not yet against the storage's size.
struct stored_tensor {
  std::string name, key;
  element type = element::f32;
  std::uint64_t storage_count = 0, offset = 0, count = 0;
  std::vector<std::int64_t> sizes = {}, strides = {};
};

/// Element type of "torch FloatStorage" and its like.
inline element storage_element(const pickle& source, const std::string& global) {
  static const std::unordered_map<std::string, element> types = {
      {"DoubleStorage", element::f64}, {"FloatStorage", element::f32},   {"HalfStorage", element::f16},  {"BFloat16Storage", element::bf16},
      {"LongStorage", element::i64},   {"IntStorage", element::i32},     {"ShortStorage", element::i16}, {"CharStorage", element::i8},
      {"ByteStorage", element::u8},    {"BoolStorage", element::boolean}};
  const auto found = types.find(global.substr(global.find(' ') + 1));
  if (found == types.end()) source.fail("it holds a tensor of the unknown type '" + global + "'", "convert it to safetensors");
  return found->second;
}

inline std::vector<std::int64_t> integers(const pickle& source, pickle_value::id list) {
  if (source[list].type != pickle_value::kind::tuple || source[list].items.size() > 64)
    source.fail("the sizes of a tensor in it are damaged");
  std::vector<std::int64_t> numbers;
  for (const auto item : source[list].items) {
    if (source[item].type != pickle_value::kind::integer || source[item].integer < 0)
      source.fail("the sizes of a tensor in it are damaged");
    numbers.push_back(source[item].integer);
  }
  return numbers;
}

/// (storage, offset, sizes, strides), where storage is ('storage', type, key, device, count[, view]).
inline stored_tensor describe(const pickle& source, std::string name, const pickle_value& tensor) {
  using kind = pickle_value::kind;
  const auto damaged = [&]() { source.fail("tensor '" + name + "' is damaged"); };
  const auto& storage = source[tensor.items[0]];
  if (storage.type != kind::persistent) damaged();
  const auto& parts = source[storage.items[0]];
  if (parts.type != kind::tuple || parts.items.size() < 5) damaged();
  const auto &word = source[parts.items[0]], &type = source[parts.items[1]], &key = source[parts.items[2]], &count = source[parts.items[4]];
  if (word.text != "storage" || type.type != kind::global || key.type != kind::text || count.type != kind::integer || count.integer < 0)
    damaged();
  if (parts.items.size() > 5 && source[parts.items[5]].type != kind::none)
    source.fail("tensor '" + name + "' uses a storage view, written by PyTorch before 0.4", "load and save it with a newer PyTorch");
  const auto& offset = source[tensor.items[1]];
  if (offset.type != kind::integer || offset.integer < 0) damaged();

  stored_tensor result{.name = name, .key = key.text, .type = storage_element(source, type.text)};
  result.sizes = integers(source, tensor.items[2]);
  result.strides = integers(source, tensor.items[3]);
  result.offset = std::uint64_t(offset.integer);
  result.storage_count = std::uint64_t(count.integer);
  const auto elements = checked_count(result.sizes, size_of(result.type));
  if (!elements || result.strides.size() != result.sizes.size() || result.storage_count > (std::uint64_t(1) << 62) / size_of(result.type))
    damaged();
  result.count = *elements;
  if (result.count == 0) return result;
  std::uint64_t last = result.offset;  // index of the furthest element
  for (std::size_t i = 0; i < result.sizes.size(); ++i) {
    std::uint64_t reach;
    if (__builtin_mul_overflow(std::uint64_t(result.sizes[i] - 1), std::uint64_t(result.strides[i]), &reach) ||
        __builtin_add_overflow(last, reach, &last))
      damaged();
  }
  if (last >= result.storage_count) source.fail("tensor '" + name + "' reaches past its storage");
  return result;
}

inline bool is_contiguous(const stored_tensor& t) {
  std::int64_t expected = 1;
  for (std::size_t i = t.sizes.size(); i-- > 0; expected *= t.sizes[i])
    if (t.sizes[i] != 1 && t.strides[i] != expected) return false;
  return true;
}

/// The tensor's elements in row-major order. `storage` holds at least `storage_count` elements.
inline array gather(const stored_tensor& t, byte_span storage) {
  const std::size_t step = size_of(t.type);
  array result{t.type, t.sizes, std::vector<std::byte>(t.count * step)};
  if (t.count == 0) return result;
  if (is_contiguous(t)) {
    std::memcpy(result.bytes.data(), storage.data() + t.offset * step, result.bytes.size());
    return result;
  }
  std::vector<std::int64_t> position(t.sizes.size());
  std::uint64_t from = t.offset;
  for (std::uint64_t to = 0; to < t.count; ++to) {
    std::memcpy(result.bytes.data() + to * step, storage.data() + from * step, step);
    for (std::size_t axis = position.size(); axis-- > 0;) {
      from += std::uint64_t(t.strides[axis]);
      if (++position[axis] < t.sizes[axis]) break;
      from -= std::uint64_t(t.strides[axis]) * std::uint64_t(t.sizes[axis]);
      position[axis] = 0;
    }
  }
  return result;
}

inline bool holds_tensors(const pickle& source, const pickle_value& dict) {
  if (dict.type != pickle_value::kind::dict) return false;
  for (std::size_t i = 1; i < dict.items.size(); i += 2)
    if (source[dict.items[i]].type == pickle_value::kind::tensor) return true;
  return false;
}

/// The state_dict in a saved object: under one of the usual keys, else the object itself if it holds tensors, else its only dict of
/// tensors; dicts without tensors are searched by the same rule, three deep. Null if there is none. `seen` keeps it from visiting a dict
/// twice.
inline const pickle_value* find_state_dict(const pickle& source, const pickle_value& object, std::unordered_set<const pickle_value*>& seen,
                                           int depth = 3) {
  if (object.type != pickle_value::kind::dict || depth == 0 || !seen.insert(&object).second) return nullptr;
  for (const auto* usual : {"state_dict", "model_state_dict", "model", "pfld_backbone"})
    for (std::size_t i = 0; i < object.items.size(); i += 2)
      if (const auto& key = source[object.items[i]]; key.type == pickle_value::kind::text && key.text == usual)
        if (const auto* found = find_state_dict(source, source[object.items[i + 1]], seen, depth - 1)) return found;
  if (holds_tensors(source, object)) return &object;
  const pickle_value* only = nullptr;
  for (std::size_t i = 1; i < object.items.size(); i += 2)
    if (const auto* found = find_state_dict(source, source[object.items[i]], seen, depth - 1)) {
      if (only) source.fail("it holds several dicts of tensors", "save the one state_dict you want");
      only = found;
    }
  return only;
}

/// Numbers and words of the saved object's own level, as text: epoch, best_loss...
inline void add_metadata(const pickle& source, const pickle_value& object, std::map<std::string, std::string>& metadata) {
  using kind = pickle_value::kind;
  for (std::size_t i = 0; i < object.items.size(); i += 2) {
    const auto &key = source[object.items[i]], &item = source[object.items[i + 1]];
    if (key.type != kind::text) continue;
    if (item.type == kind::text) metadata[key.text] = item.text;
    if (item.type == kind::integer) metadata[key.text] = std::to_string(item.integer);
    if (item.type == kind::boolean) metadata[key.text] = item.integer ? "true" : "false";
    if (item.type == kind::real) metadata[key.text] = nlohmann::json(item.real).dump();
  }
}

/// Builds the checkpoint; `storage_of(tensor)` gives the storage's bytes, `release(key)` follows a storage's last use.
template <class StorageOf, class Release>
checkpoint assemble(const pickle& source, std::uint64_t file_size, StorageOf storage_of, Release release) {
  std::unordered_set<const pickle_value*> seen;
  const auto* dict = find_state_dict(source, source.root(), seen);
  if (!dict) source.fail("it holds no dict of tensors", "give a file with a state_dict");
  checkpoint result;
  if (source.root().type == pickle_value::kind::dict) add_metadata(source, source.root(), result.metadata);
  std::vector<stored_tensor> tensors;
  std::unordered_map<std::string, int> uses;
  std::uint64_t left = file_size * 64 + (std::uint64_t(64) << 20);
  for (std::size_t i = 0; i < dict->items.size(); i += 2) {
    const auto &key = source[dict->items[i]], &item = source[dict->items[i + 1]];
    if (item.type != pickle_value::kind::tensor) continue;
    if (key.type != pickle_value::kind::text) source.fail("a tensor in it has no name");
    tensors.push_back(describe(source, key.text, item));
    const auto bytes = tensors.back().count * size_of(tensors.back().type);
    if (bytes > left) source.fail("its tensors claim far more memory than the file's size");
    left -= bytes;
    ++uses[tensors.back().key];
  }
  for (const auto& t : tensors) {
    result.tensors.add(t.name, gather(t, storage_of(t)));
    if (--uses[t.key] == 0) release(t.key);
  }
  return result;
}

inline std::string zip_prefix(const zip_archive& zip) {
  constexpr std::string_view pickle_name = "data.pkl";
  for (const auto& [name, unused] : zip.members())
    if (const auto slash = name.find('/'); slash != std::string::npos && name.substr(slash + 1) == pickle_name)
      return name.substr(0, slash + 1);
  if (zip.contains(std::string(pickle_name))) return "";
  zip.fail("this zip file was not written by torch.save");
}

}  // namespace detail

/// The zip format. Throws `error` on anything torch.save would not write for (nested) dicts of tensors.
inline checkpoint read_pth_zip(const std::filesystem::path& path) {
  const zip_archive zip(path);
  const auto prefix = detail::zip_prefix(zip);
  if (zip.size(prefix + "data.pkl") > (std::uint64_t(64) << 20)) zip.fail("its pickle is larger than 64 MiB");
  if (zip.contains(prefix + "byteorder") && zip.size(prefix + "byteorder") < 16) {
    const auto order = zip.read(prefix + "byteorder");
    if (!order.empty() && char(order[0]) == 'b') zip.fail("it was written on a big-endian machine");
  }
  const auto code = zip.read(prefix + "data.pkl");
  const pickle source(code, path.string());
  std::unordered_map<std::string, std::vector<std::byte>> storages;
  auto result = detail::assemble(
      source, std::filesystem::file_size(path),
      [&](const detail::stored_tensor& t) -> detail::byte_span {
        auto [place, fresh] = storages.try_emplace(t.key);
        if (fresh) place->second = zip.read(prefix + "data/" + t.key);
        if (place->second.size() < t.storage_count * size_of(t.type)) source.fail("the storage of tensor '" + t.name + "' is too short");
        return place->second;
      },
      [&](const std::string& key) { storages.erase(key); });
  if (const auto name = prefix + "extra/metadata.json"; zip.contains(name)) {
    const auto raw = zip.read(name);
    const auto text = nlohmann::json::parse(reinterpret_cast<const char*>(raw.data()),
                                            reinterpret_cast<const char*>(raw.data()) + raw.size(), nullptr, false);
    if (text.is_object())
      for (const auto& [key, item] : text.items())
        if (item.is_string()) result.metadata[key] = item.get<std::string>();
  }
  return result;
}

/// The format before PyTorch 1.6: pickles of magic number, protocol, system, object and storage keys, then every storage as count and
/// bytes.
inline checkpoint read_pth_legacy(const std::filesystem::path& path) {
  using kind = pickle_value::kind;
  input_file file(path);
  const auto bytes = file.read(0, file.size());
  std::size_t at = 0;
  const auto next = [&] {
    pickle part(detail::byte_span(bytes).subspan(at), file.name());
    at += part.consumed();
    return part;
  };
  const auto magic = next();
  if (magic.root().type != kind::wide_integer || magic.root().text != std::string("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10))
    magic.fail("it was not written by torch.save");
  if (const auto protocol = next(); protocol.root().integer != 1001) protocol.fail("its format version is unknown");
  const auto system = next();
  const auto& facts = system.root();
  for (std::size_t i = 0; i + 1 < facts.items.size() && facts.type == kind::dict; i += 2)
    if (system[facts.items[i]].text == "little_endian" && system[facts.items[i + 1]].integer != 1)
      system.fail("it was written on a big-endian machine");
  const auto source = next();
  const auto keys = next();
  if (keys.root().type != kind::list) keys.fail("its list of storages is damaged");

  std::unordered_map<std::string, element> types;  // the raw storages say counts, not types: learn these from every tensor
  for (std::size_t i = 0; i < source.size(); ++i) {
    const auto& v = source[pickle_value::id(i)];
    if (v.type != kind::persistent) continue;
    const auto& parts = source[v.items[0]];
    if (parts.type == kind::tuple && parts.items.size() >= 5 && source[parts.items[1]].type == kind::global)
      types.emplace(source[parts.items[2]].text, detail::storage_element(source, source[parts.items[1]].text));
  }
  std::unordered_map<std::string, detail::byte_span> storages;
  for (const auto item : keys.root().items) {
    const auto& key = keys[item].text;
    const auto type = types.find(key);
    std::uint64_t count = 0;
    if (type == types.end()) source.fail("its list of storages is damaged");
    if (bytes.size() - at < sizeof count) source.fail("the file is truncated");
    std::memcpy(&count, bytes.data() + at, sizeof count);
    at += sizeof count;
    if (count > (bytes.size() - at) / size_of(type->second)) source.fail("the file is truncated");
    const auto length = count * size_of(type->second);
    if (!storages.emplace(key, detail::byte_span(bytes).subspan(at, length)).second) source.fail("its list of storages is damaged");
    at += length;
  }
  return detail::assemble(
      source, file.size(),
      [&](const detail::stored_tensor& t) {
        const auto found = storages.find(t.key);
        if (found == storages.end() || found->second.size() < t.storage_count * size_of(t.type))
          source.fail("the storage of tensor '" + t.name + "' is too short");
        return found->second;
      },
      [](const std::string&) {});
}

}  // namespace viseme::io
