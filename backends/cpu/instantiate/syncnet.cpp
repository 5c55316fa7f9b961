#include <backends/cpu/precompiled.hpp>
#include <viseme/nets/syncnet.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::cpu<float>, syncnet<audio_features::ave>>;
template struct training_factory<backends::cpu<float>, syncnet<audio_features::ave>>;
template struct inference_factory<backends::cpu<float>, syncnet<audio_features::hubert>>;
template struct training_factory<backends::cpu<float>, syncnet<audio_features::hubert>>;
template struct inference_factory<backends::cpu<float>, syncnet<audio_features::wenet>>;
template struct training_factory<backends::cpu<float>, syncnet<audio_features::wenet>>;

}  // namespace viseme
