#include <backends/reference/reference.hpp>
#include <viseme/nets/vgg19.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::reference<float>, vgg19>;
template struct training_factory<backends::reference<float>, vgg19>;
template struct inference_factory<backends::reference<double>, vgg19>;
template struct training_factory<backends::reference<double>, vgg19>;

}  // namespace viseme
