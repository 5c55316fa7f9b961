// A net's parameters: PyTorch's names, shapes, and offsets in one flat block, trainable ones first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <viseme/graph/net_table.hpp>

namespace viseme {

/// One tensor of a state_dict. `sizes` is empty for a scalar.
struct parameter_entry {
  std::string name;
  std::vector<std::int64_t> sizes;
  bool trainable = true;
  bool norm = false;       // belongs to a batch norm
  std::size_t offset = 0;  // in elements, in the flat block
  std::size_t count = 1;
  int node = 0;            // layer, and the parameter's place in it
  int index = 0;
};

namespace graph {

/// All parameters and buffers of a net; block size is back().offset + back().count.
inline std::vector<parameter_entry> parameters(const net_table& net) {
  std::vector<parameter_entry> trainable, buffers;
  for (int i = 0; i < int(net.nodes.size()); ++i)
    for (int k = 0; k < net.facts[i].parameter_count; ++k) {
      const parameter& p = net.facts[i].parameters[k];
      (p.trainable ? trainable : buffers)
          .push_back({std::string(net.nodes[i].label.child(p.leaf.view()).view()),
                      {p.sizes.begin(), p.sizes.begin() + p.rank}, p.trainable, net.facts[i].norm, 0, p.count(), i, k});
    }
  trainable.insert(trainable.end(), buffers.begin(), buffers.end());
  std::size_t offset = 0;
  for (auto& e : trainable) {
    e.offset = offset;
    offset += e.count;
  }
  return trainable;
}
template <class Net>
std::vector<parameter_entry> parameters() {
  return parameters(table_of<Net>());
}

}  // namespace graph

inline std::size_t block_size(const std::vector<parameter_entry>& entries) {
  return entries.empty() ? 0 : entries.back().offset + entries.back().count;
}
/// Elements of the leading, trainable part of the block.
inline std::size_t trainable_size(const std::vector<parameter_entry>& entries) {
  std::size_t n = 0;
  for (const auto& e : entries) n += e.trainable ? e.count : 0;
  return n;
}

}  // namespace viseme
