#include <backends/emulated/backend.hpp>
#include <backends/simt/simt.hpp>
#include <viseme/nets/unet.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::emulated<float>, unet<audio_features::ave, wide>, purpose::inference>;
template struct net_program<backends::emulated<float>, unet<audio_features::ave, wide>, purpose::training>;

}  // namespace viseme
