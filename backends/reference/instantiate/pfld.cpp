#include <backends/reference/reference.hpp>
#include <viseme/nets/pfld.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::reference<float>, pfld<folded>>;
template struct inference_factory<backends::reference<double>, pfld<folded>>;

}  // namespace viseme
