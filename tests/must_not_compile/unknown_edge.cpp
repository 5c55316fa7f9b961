// this step reads a value that no earlier entry of its graph defines
#include <viseme/graph/lower.hpp>

using namespace viseme;

struct net {
  using body = network<input<"x"_n, 3>, at<"first"_n, add, "x"_n, "second"_n>, at<"second"_n, add, "x"_n, "first"_n>>;
};

static_assert(graph::lowered<net>::table.nodes == 2);
