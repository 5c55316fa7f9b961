// this layer does not accept the channels of the value it reads
#include <viseme/graph/lower.hpp>
#include <viseme/layers/conv2d.hpp>

using namespace viseme;

struct net {
  using body = network<input<"x"_n, 3>, at<"first"_n, pointwise<3, 8>>, at<"second"_n, pointwise<9, 3>>>;
};

template struct graph::lowered<net>;
