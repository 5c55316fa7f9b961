#include <backends/reference/reference.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct net_factory<backends::reference<float>>;
template struct net_factory<backends::reference<double>>;

}  // namespace viseme
