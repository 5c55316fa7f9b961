#include <backends/reference/reference.hpp>
#include <viseme/nets/vgg19.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::reference<float>, vgg19, purpose::inference>;
template struct net_program<backends::reference<float>, vgg19, purpose::training>;
template struct net_program<backends::reference<double>, vgg19, purpose::inference>;
template struct net_program<backends::reference<double>, vgg19, purpose::training>;

}  // namespace viseme
