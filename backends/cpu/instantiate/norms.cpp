#include <backends/cpu/batch_norm.hpp>

template struct viseme::backends::cpu_norm<float>;
