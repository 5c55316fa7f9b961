// What a caller asks of a run of a net.
#pragma once

#include <string>
#include <vector>

namespace viseme {

/// Which values are fed and which are read. Empty `from`: the net's inputs; empty `to`: its last output. `keep`: values that a later run
/// can start from instead of computing them again.
struct cut {
  std::vector<std::string> from, to;
  std::vector<std::string> keep = {};
};

/// How kept values are stored: as the device computes them, or rounded to bf16 (to nearest, ties to even) in half the memory of fp32.
enum class kept_as { exact, bf16 };

/// How a training graph is used. A frozen one (a loss net) has no gradients of its own and uses running statistics.
struct training_options {
  bool frozen = false;
  bool input_gradients = false;
  std::vector<std::string> outputs;  // values that losses read; empty: the net's output
};

}  // namespace viseme
