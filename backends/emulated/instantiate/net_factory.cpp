#include <backends/emulated/backend.hpp>
#include <backends/simt/simt.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct net_factory<backends::emulated<float>>;
template struct net_factory<backends::emulated<bf16>>;
template struct net_factory<backends::emulated<fp16>>;

}  // namespace viseme
