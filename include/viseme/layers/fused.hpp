// A group of neighbouring layers run as one: a backend that can has op<fused<...>, backend>.
#pragma once

namespace viseme {

template <class... Layers>
struct fused {};

}  // namespace viseme
