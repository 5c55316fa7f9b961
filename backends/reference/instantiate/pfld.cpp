#include <backends/reference/reference.hpp>
#include <viseme/nets/pfld.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::reference<float>, pfld<folded>, purpose::inference>;
template struct net_program<backends::reference<double>, pfld<folded>, purpose::inference>;

}  // namespace viseme
