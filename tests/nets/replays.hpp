// Whole nets run until their recordings are replayed, each time on other values; and the last time once more by one that is new and records
// nothing: bit by bit the same.
#pragma once

#include <random>
#include <vector>

#include <tests/nets/golden_run.hpp>

namespace viseme::tests {

inline constexpr int until_replayed = 3;  // as it goes, recorded, replayed

inline std::vector<float> some_pixels(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(0, 1);
  std::vector<float> v(count);
  for (auto& x : v) x = uniform(generator);
  return v;
}

inline void check_replayed_session(device& on) {
  const net_spec spec{"unet", "mel", "mobile"};
  const auto model = on.prepare(spec, initial_block(spec, 1));
  const session_options o{.batch = 1, .image = {0, 0}, .cut = {{}, {}, {"down1", "down5"}}};
  const auto often = model->make_session(o), once = model->make_session(o);
  const auto write = [](session& s, unsigned seed) {
    for (const auto& in : s.inputs()) s.write(in.name, some_pixels(in.size.count(), seed));
  };
  const auto output = [](session& s) {
    std::vector<float> v(3 * 320 * 320);
    s.read("output", v);
    return v;
  };
  for (unsigned i = 1; i <= until_replayed; ++i) write(*often, i), often->run();
  write(*once, until_replayed), once->run();
  BOOST_TEST((output(*often) == output(*once)));
  const auto kept = often->keep();
  for (unsigned i = 1; i <= until_replayed; ++i) write(*often, 10 * i), often->resume(*kept);
  write(*once, 10 * until_replayed), once->resume(*kept);
  BOOST_TEST((output(*often) == output(*once)));
}

inline void check_replayed_training(device& on) {
  const net_spec spec{"unet", "mel", "mobile"};
  const training_net_options o{.batch = 1, .image = {0, 0}, .graph = {}};
  const auto step = [](training_net& net, unsigned number) {
    net.write("image", some_pixels(6 * 320 * 320, number));
    net.write("audio", some_pixels(32 * 16 * 16, number + 10));
    net.forward();
    net.clear_output_gradients();
    const double loss = net.loss(loss_kind::l1, "output", some_pixels(3 * 320 * 320, number + 20), 1);
    net.clear_gradients();
    net.backward();
    net.adam_step({.lr = 1e-3 / number}, number);
    return loss;
  };
  const auto parameters = [](const training_net& net) {
    std::vector<float> v(block_size(net.parameters()));
    net.read_parameters(v);
    return v;
  };
  const auto often = on.train(spec, initial_block(spec, 1), o);
  for (unsigned i = 1; i < until_replayed; ++i) step(*often, i);
  const auto once = on.train(spec, parameters(*often), o);
  std::vector<float> first(trainable_size(once->parameters())), second(first.size());
  often->read_moments(first, second);
  once->write_moments(first, second);
  BOOST_TEST(step(*often, until_replayed) == step(*once, until_replayed));
  BOOST_TEST((parameters(*often) == parameters(*once)));
}

}  // namespace viseme::tests
