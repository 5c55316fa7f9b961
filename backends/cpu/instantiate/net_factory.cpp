#include <backends/cpu/precompiled.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct net_factory<backends::cpu<float>>;

}  // namespace viseme
