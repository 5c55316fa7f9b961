#include <backends/cpu/precompiled.hpp>
#include <viseme/nets/pfld.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::cpu<float>, pfld<folded>, purpose::inference>;

}  // namespace viseme
