#include <backends/cpu/precompiled.hpp>
#include <viseme/nets/audio_encoder.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::cpu<float>, audio_encoder>;

}  // namespace viseme
