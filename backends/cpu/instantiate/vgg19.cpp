#include <backends/cpu/precompiled.hpp>
#include <viseme/nets/vgg19.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::cpu<float>, vgg19, purpose::inference>;
template struct net_program<backends::cpu<float>, vgg19, purpose::training>;

}  // namespace viseme
