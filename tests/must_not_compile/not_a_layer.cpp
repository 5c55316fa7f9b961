// a net is made of layers, blocks (structs with `body`) and the groupers of layers/compose.hpp
#include <viseme/graph/lower.hpp>

using namespace viseme;

struct nothing {};
struct net {
  using body = network<input<"x"_n, 3>, at<"y"_n, nothing>>;
};

static_assert(graph::lowered<net>::layers::size == 1);
