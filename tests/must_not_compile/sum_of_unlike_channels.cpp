// this layer does not accept the channels of the value it reads
#include <viseme/graph/lower.hpp>
#include <viseme/layers/conv2d.hpp>

using namespace viseme;

struct net {
  using body = network<input<"x"_n, 3>, at<"wider"_n, residual<pointwise<3, 8>>>>;
};

template struct graph::lowered<net>;
