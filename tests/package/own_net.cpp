// A net of one's own on the reference backend: headers alone, no library.
#include <iostream>
#include <memory>
#include <vector>

#include <backends/reference/reference.hpp>
#include <viseme/layers/compose.hpp>
#include <viseme/run/engine.hpp>

using namespace viseme;
using exact = backends::reference<double>;

struct doubling {
  using body = network<input<"x"_n, 1>, at<"y"_n, add, "x"_n, "x"_n>>;
};

int main() {
  backends::host_context context(1);
  const auto weights = std::make_shared<const prepared_weights<exact, doubling>>(context, std::vector<float>{});
  engine<exact, doubling> net(context, weights, {{1, 1, 1, 1}});
  net.input("x")(0, 0, 0, 0) = 21;
  net.run();
  std::cout << "21 + 21 = " << net.output("y")(0, 0, 0, 0) << "\n";
}
