#include <backends/reference/reference.hpp>
#include <viseme/nets/unet.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::reference<float>, unet<audio_features::wenet, wide>>;
template struct training_factory<backends::reference<float>, unet<audio_features::wenet, wide>>;
template struct inference_factory<backends::reference<double>, unet<audio_features::wenet, wide>>;
template struct training_factory<backends::reference<double>, unet<audio_features::wenet, wide>>;
template struct inference_factory<backends::reference<float>, unet<audio_features::wenet, mobile>>;
template struct training_factory<backends::reference<float>, unet<audio_features::wenet, mobile>>;
template struct inference_factory<backends::reference<double>, unet<audio_features::wenet, mobile>>;
template struct training_factory<backends::reference<double>, unet<audio_features::wenet, mobile>>;

}  // namespace viseme
