// One line of a net's parameter table: what a checkpoint of it must hold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace viseme {

/// A parameter or buffer by its PyTorch name; `sizes` is empty for a scalar (num_batches_tracked).
struct parameter_entry {
  std::string name;
  std::vector<std::int64_t> sizes;
};

}  // namespace viseme
