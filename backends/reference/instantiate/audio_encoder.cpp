#include <backends/reference/reference.hpp>
#include <viseme/nets/audio_encoder.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::reference<float>, audio_encoder>;
template struct inference_factory<backends::reference<double>, audio_encoder>;

}  // namespace viseme
