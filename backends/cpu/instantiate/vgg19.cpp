#include <backends/cpu/precompiled.hpp>
#include <viseme/nets/vgg19.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::cpu<float>, vgg19>;
template struct training_factory<backends::cpu<float>, vgg19>;

}  // namespace viseme
