#include <backends/emulated/backend.hpp>
#include <backends/simt/simt.hpp>
#include <viseme/nets/unet.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::emulated<float>, unet<audio_features::ave, wide>>;
template struct training_factory<backends::emulated<float>, unet<audio_features::ave, wide>>;

}  // namespace viseme
