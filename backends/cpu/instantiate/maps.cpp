#include <backends/cpu/elementwise.hpp>
#include <backends/cpu/learning.hpp>
#include <backends/cpu/normalize.hpp>
#include <backends/cpu/resample.hpp>

namespace viseme::backends {

template struct cpu<float>;
template struct cpu_activation<float>;
template struct cpu_sum<float>;
template struct cpu_upsample<float>;
template struct cpu_max_pool<float>;
template struct cpu_average_pool<float>;
template struct cpu_normalize<float>;
template struct cpu_learning<float>;

}  // namespace viseme::backends
