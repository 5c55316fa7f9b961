#include <backends/cudnn/cudnn.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct net_factory<backends::cudnn<float>>;
template struct net_factory<backends::cudnn<bf16>>;
template struct net_factory<backends::cudnn<fp16>>;

}  // namespace viseme
