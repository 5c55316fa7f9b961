#include <backends/cuda/backend.hpp>
#include <backends/simt/simt.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct net_factory<backends::cuda<float>>;
template struct net_factory<backends::cuda<bf16>>;
template struct net_factory<backends::cuda<fp16>>;

}  // namespace viseme
