#include <backends/reference/reference.hpp>
#include <viseme/nets/audio_encoder.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::reference<float>, audio_encoder, purpose::inference>;
template struct net_program<backends::reference<double>, audio_encoder, purpose::inference>;

}  // namespace viseme
