// Gradients of a whole net by finite differences; frozen nets; values with two readers.
#include "small_net.hpp"

#include <viseme/run/training_graph.hpp>

namespace training_graph_suite {

using namespace viseme;
using namespace viseme::tests;

/// Inverted residuals with and without a sum, one of them behind a stride, one behind a concatenation.
struct small_unet {
  static constexpr shape input_shape(int i, int n) { return i == 0 ? shape{n, 8, 9, 7} : shape{n, 8, 5, 4}; }
  using body = network<input<"image"_n, 8>, input<"audio"_n, 8>, at<"down"_n, double_conv<8, 8, 2>, "image"_n>,
                       at<"joined"_n, concat, "down"_n, "audio"_n>, at<"output"_n, double_conv<16, 8>>>;
};

/// A net in training with random inputs and the linear functional sum(direction x output) of each of its outputs.
template <class B, class Net = small_net>
struct trial {
  using T = typename B::scalar;
  std::vector<std::string> outputs;
  viseme::training_graph<B, Net> net;

  explicit trial(training_options o)
      : outputs(o.outputs.empty() ? std::vector<std::string>{"output"} : o.outputs),
        net(context(), random_block<Net>(), default_input_shapes<Net>(2), o) {
    write(net.input("image"), random_numbers(net.input("image").size.count(), 1));
    write(net.input("audio"), random_numbers(net.input("audio").size.count(), 2));
  }
  static numbers direction(const std::string& key, std::size_t count) { return random_numbers(count, unsigned(key.size())); }

  double forward() {
    net.forward();
    double sum = 0;
    for (const auto& key : outputs) {
      const auto out = read(net.output(key)), d = direction(key, out.size());
      for (std::size_t i = 0; i < out.size(); ++i) sum += d[i] * out[i];
    }
    return sum;
  }
  void backward() {
    for (const auto& key : outputs) write(net.output_gradient(key), direction(key, net.output(key).size.count()));
    net.backward();
  }
  numbers gradients() const { return {net.gradient_block(), net.gradient_block() + net.trainable_count()}; }
  numbers parameters() const { return {net.parameter_block(), net.parameter_block() + block_size(net.entries())}; }

  double difference(T& number) {
    constexpr double h = 1e-6;
    const T at = number;
    number = at + h;
    const double above = forward();
    number = at - h;
    const double below = forward();
    number = at;
    return (above - below) / (2 * h);
  }
};

void check(double have, double want, const std::string& what) { BOOST_TEST(std::abs(have - want) <= 1e-6 * (1 + std::abs(want)), what << ": " << have << ", finite differences say " << want); }

void check_parameters(trial<truth>& t) {
  t.forward();
  t.backward();
  const auto gradients = t.gradients();
  for (const auto& e : t.net.entries())
    for (std::size_t i = 0; e.trainable && i < e.count; i += 1 + e.count / 3) check(gradients[e.offset + i], t.difference(t.net.parameter_block()[e.offset + i]), e.name);
}

void check_inputs(trial<truth>& t) {
  t.forward();
  t.backward();
  const std::vector<std::string> keys{"image", "audio"};
  std::vector<numbers> gradients;
  for (const auto& key : keys) gradients.push_back(read(t.net.input_gradient(key)));  // the next forward() may use their memory
  for (std::size_t k = 0; k < keys.size(); ++k)
    for (std::size_t i = 0; i < gradients[k].size(); i += 7) check(gradients[k][i], t.difference(t.net.input(keys[k]).data[i]), keys[k]);
}

template <class Net>
void check_backends(const std::vector<std::string>& outputs) {
  for (const bool frozen : {false, true}) {
    const training_options o{.frozen = frozen, .input_gradients = true, .outputs = outputs};
    trial<truth, Net> want(o);
    trial<fast, Net> have(o);
    want.forward();
    have.forward();
    want.backward();
    have.backward();
    BOOST_TEST(relative(read(have.net.output("output")), read(want.net.output("output"))) <= 1e-5);
    for (const char* key : {"image", "audio"})
      BOOST_TEST(relative(read(have.net.input_gradient(key)), read(want.net.input_gradient(key))) <= 1e-4);
    BOOST_TEST(relative(have.gradients(), want.gradients()) <= 1e-4);
    BOOST_TEST(relative(have.parameters(), want.parameters()) <= 1e-5);
  }
}

BOOST_AUTO_TEST_SUITE(training_graph)

BOOST_AUTO_TEST_CASE(gradients_of_parameters) {
  trial<truth> t({});
  check_parameters(t);
}

BOOST_AUTO_TEST_CASE(gradients_of_inputs) {
  trial<truth> t({.frozen = false, .input_gradients = true, .outputs = {}});
  check_inputs(t);
}

BOOST_AUTO_TEST_CASE(several_outputs_one_of_them_read_on) {
  trial<truth> t({.frozen = false, .input_gradients = true, .outputs = {"output", "down", "sound"}});
  check_parameters(t);
  check_inputs(t);
}

BOOST_AUTO_TEST_CASE(frozen) {
  trial<truth> t({.frozen = true, .input_gradients = true, .outputs = {}});
  const auto block = random_block<small_net>();
  check_inputs(t);
  BOOST_TEST(t.net.trainable_count() == 0u);
  BOOST_TEST(std::equal(block.begin(), block.end(), t.net.parameter_block()));
}

BOOST_AUTO_TEST_CASE(frozen_forward_is_inference) {
  trial<truth> t({.frozen = true, .input_gradients = true, .outputs = {}});
  t.net.forward();
  engine<truth, small_net> e(context(), std::make_shared<const prepared_weights<truth, small_net>>(context(), random_block<small_net>()),
                             default_input_shapes<small_net>(2));
  for (const char* key : {"image", "audio"}) write(e.input(key), read(t.net.input(key)));
  e.run();
  BOOST_TEST((read(e.output("output")) == read(t.net.output("output"))));
}

BOOST_AUTO_TEST_CASE(backends_agree) {
  check_backends<small_net>({"output", "down"});
  check_backends<small_unet>({"output", "down"});
  check_backends<small_unet>({});
}

BOOST_AUTO_TEST_CASE(gradients_add_up_until_cleared) {
  trial<truth> t({});
  t.forward();
  t.backward();
  const auto once = t.gradients();
  t.forward();
  t.backward();
  auto twice = once;
  for (auto& g : twice) g *= 2;
  BOOST_TEST(relative(t.gradients(), twice) <= 1e-14);
  t.net.clear_gradients();
  BOOST_TEST((t.gradients() == numbers(once.size(), 0)));
}

BOOST_AUTO_TEST_CASE(batches_are_counted) {
  trial<fast> t({});
  for (int i = 0; i < 3; ++i) t.forward();
  for (const auto& e : t.net.entries())
    if (e.name.ends_with("num_batches_tracked")) {
      const double start = random_block<small_net>()[e.offset];
      BOOST_TEST(std::abs(t.net.parameter_block()[e.offset] - start - 3) <= 1e-5);
    }
}

BOOST_AUTO_TEST_CASE(adam_goes_downhill) {
  trial<fast> t({});
  const double before = t.forward();
  for (int number = 1; number <= 20; ++number) {
    t.net.clear_gradients();
    t.forward();
    t.backward();
    t.net.adam_step({.lr = 0.01}, number);
  }
  BOOST_TEST(t.forward() < before - 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace training_graph_suite
