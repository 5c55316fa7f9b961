// Counts the program's calls of operator new.
#pragma once

#include <cstdint>

namespace viseme::bench {

/// Calls of any operator new so far, on all threads.
std::uint64_t allocations();

}  // namespace viseme::bench
