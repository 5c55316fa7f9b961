#include <backends/reference/reference.hpp>
#include <viseme/nets/unet.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::reference<float>, unet<audio_features::ave, wide>, purpose::inference>;
template struct net_program<backends::reference<float>, unet<audio_features::ave, wide>, purpose::training>;
template struct net_program<backends::reference<double>, unet<audio_features::ave, wide>, purpose::inference>;
template struct net_program<backends::reference<double>, unet<audio_features::ave, wide>, purpose::training>;
template struct net_program<backends::reference<float>, unet<audio_features::ave, mobile>, purpose::inference>;
template struct net_program<backends::reference<float>, unet<audio_features::ave, mobile>, purpose::training>;
template struct net_program<backends::reference<double>, unet<audio_features::ave, mobile>, purpose::inference>;
template struct net_program<backends::reference<double>, unet<audio_features::ave, mobile>, purpose::training>;

}  // namespace viseme
