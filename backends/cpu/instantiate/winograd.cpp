#include <backends/cpu/conv2d.hpp>

template struct viseme::backends::cpu_winograd<float>;
