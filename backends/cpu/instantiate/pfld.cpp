#include <backends/cpu/precompiled.hpp>
#include <viseme/nets/pfld.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::cpu<float>, pfld<folded>>;

}  // namespace viseme
