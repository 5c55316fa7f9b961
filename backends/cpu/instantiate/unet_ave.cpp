#include <backends/cpu/precompiled.hpp>
#include <viseme/nets/unet.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::cpu<float>, unet<audio_features::ave, wide>>;
template struct training_factory<backends::cpu<float>, unet<audio_features::ave, wide>>;
template struct inference_factory<backends::cpu<float>, unet<audio_features::ave, mobile>>;
template struct training_factory<backends::cpu<float>, unet<audio_features::ave, mobile>>;

}  // namespace viseme
