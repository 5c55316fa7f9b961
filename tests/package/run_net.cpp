// The landmark net through the runner, from an installed viseme.
#include <cmath>
#include <iostream>
#include <vector>

#include <viseme/run/runner.hpp>

int main() {
  const viseme::net_spec spec{"pfld", "", ""};
  const auto device = viseme::open_device("cpu", viseme::dtype::fp32, 1);
  const auto session = device->prepare(spec, viseme::initial_block(spec, 1))->make_session({});
  session->write("face", std::vector<float>(3 * 192 * 192, 0.5f));
  session->run();
  std::vector<float> landmarks(220);
  session->read("output", landmarks);
  for (float x : landmarks)
    if (!std::isfinite(x)) return 1;
  std::cout << "viseme " << VISEME_VERSION << " on " << device->backend() << ": " << landmarks.size() << " numbers\n";
}
