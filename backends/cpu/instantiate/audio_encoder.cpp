#include <backends/cpu/precompiled.hpp>
#include <viseme/nets/audio_encoder.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::cpu<float>, audio_encoder, purpose::inference>;

}  // namespace viseme
