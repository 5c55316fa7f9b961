// The tensors of a checkpoint by name, in the order of the file.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <viseme/io/array.hpp>

namespace viseme::io {

/// Name -> array; keeps the order of insertion, looks up in constant time, each name once.
class state_dict {
public:
  using entry = std::pair<std::string, array>;

  /// Appends; throws `error` if the name is there already.
  array& add(std::string name, array value) {
    require(index_.emplace(name, entries_.size()).second, "tensor '" + name + "'", "the name appears twice", "save the checkpoint again");
    return entries_.emplace_back(std::move(name), std::move(value)).second;
  }

  const array* find(const std::string& name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &entries_[found->second].second;
  }
  array* find(const std::string& name) { return const_cast<array*>(std::as_const(*this).find(name)); }
  bool contains(const std::string& name) const { return index_.count(name) > 0; }

  /// Throws `error` if there is no such tensor.
  const array& at(const std::string& name) const {
    const auto* found = find(name);
    require(found, "tensor '" + name + "'", "the checkpoint does not hold it", "choose another checkpoint");
    return *found;
  }

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

private:
  std::vector<entry> entries_;
  std::unordered_map<std::string, std::size_t> index_;
};

/// What a checkpoint file holds. `metadata` is a safetensors file's __metadata__, or the plain numbers and words beside a .pth's tensors.
struct checkpoint {
  state_dict tensors;
  std::map<std::string, std::string> metadata;
};

}  // namespace viseme::io
