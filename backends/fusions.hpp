// Sequences of layers that are one op in more than one backend, in the letters of viseme/graph/group.hpp: convolutions and norms with what follows
// them, inverted residuals, and those behind an upsampling.
#pragma once

#include <array>
#include <string_view>

namespace viseme::backends {

inline constexpr std::array<std::string_view, 11> usual_fusions{"ca", "cn", "cna", "cn+", "cn+a", "na", "n+", "n+a", "cnacnacn", "cnacnacn+", "ujcnacnacn"};

}  // namespace viseme::backends
