// What is recorded is replayed as it was, on what memory holds by then: nets run again and again with other values, bit by bit as without
// recording. Emulated, or as CUDA graphs in a program of its own.
#include "check_simt.hpp"

#include <string>

#include <viseme/run/engine.hpp>
#include <viseme/run/training_graph.hpp>

namespace recording_suite {

using namespace viseme;
using namespace viseme::tests;

/// What nets are made of: two inputs, a block, a residual, a concatenation, norms.
struct small_net {
  static constexpr shape input_shape(int i, int n) { return i == 0 ? shape{n, 8, 8, 6} : shape{n, 8, 4, 3}; }
  using body = network<
      input<"image"_n, 8>, input<"audio"_n, 8>,
      at<"down"_n, sequential<dense<8, 16, 3, 2, 1>, batch_norm<16>, relu>, "image"_n>,
      at<"mixed"_n, residual<child<"conv"_n, sequential<pointwise<16, 16>, batch_norm<16>>>>>,
      at<"sound"_n, sequential<pointwise<8, 8, true>, relu>, "audio"_n>, at<"joined"_n, concat, "mixed"_n, "sound"_n>,
      at<"up"_n, upsample2x>, at<"last"_n, dense<24, 8, 3, 1, 1>>, at<"output"_n, sigmoid>>;
};

constexpr int runs = 4;  // the first is not recorded, the third is the first that is replayed

std::vector<float> some_floats(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  const auto v = random_numbers(count, generator);
  return {v.begin(), v.end()};
}
std::vector<float> some_block() {
  std::vector<float> block;
  for (const auto& e : graph::parameters<small_net>())
    for (float x : some_floats(e.count, unsigned(e.offset) + 1)) block.push_back(e.norm ? 0.5f + std::abs(x) : x);
  return block;
}

template <class B>
void write(view<typename B::scalar> to, unsigned seed) {
  B::load(context<B>(), some_floats(to.size.count(), seed).data(), to);
}
template <class B>
std::vector<float> read(view<const typename B::scalar> from) {
  std::vector<float> v(from.size.count());
  B::store(context<B>(), from, v.data());
  return v;
}

/// Of an engine, whether recorded or not.
template <class B>
struct rendering {
  engine<B, small_net> net{context<B>(), std::make_shared<const prepared_weights<B, small_net>>(context<B>(), some_block()),
                           default_input_shapes<small_net>(2), {{}, {}, {"down", "mixed"}}};
  recording<B> run_, resume_;

  void write_inputs(unsigned seed) {
    write<B>(net.input("image"), seed);
    write<B>(net.input("audio"), seed + 1);
  }
};

/// A step with a loss that is the sum of the output times some numbers.
template <class B>
struct training {
  training_graph<B, small_net> net{context<B>(), some_block(), default_input_shapes<small_net>(2), {}};
  recording<B> forward_, backward_;

  void before(unsigned seed) {
    write<B>(net.input("image"), seed);
    write<B>(net.input("audio"), seed + 1);
    net.clear_gradients();
  }
  void between(unsigned seed) { write<B>(net.output_gradient("output"), seed + 2); }
  std::vector<float> output() const { return read<B>(net.output("output")); }
  std::vector<float> parameters() const { return floats(net.parameter_block(), block_size(net.entries())); }
  std::vector<float> gradients() const { return floats(net.gradient_block(), net.trainable_count()); }

private:
  static std::vector<float> floats(const float* from, std::size_t count) {
    std::vector<float> v(count);
    context<B>().download(v.data(), from, count * sizeof(float));
    return v;
  }
};

/// Runs `work` and gives the one line of what it throws.
template <class F>
std::string refusal(F&& work) {
  try {
    work();
  } catch (const error& e) {
    return e.what();
  }
  return {};
}

BOOST_AUTO_TEST_SUITE(recording)

BOOST_AUTO_TEST_CASE(nets_see_the_inputs_of_every_run) {
  for_each_scalar([]<class T>(T) {
    using B = under_test<T>;
    rendering<B> recorded, plain;
    for (unsigned i = 0; i < runs; ++i) {
      recorded.write_inputs(10 * i);
      plain.write_inputs(10 * i);
      recorded.run_.run(context<B>(), [&] { recorded.net.run(); });
      plain.net.run();
      BOOST_TEST((read<B>(recorded.net.output("output")) == read<B>(plain.net.output("output"))), "run " << i);
      write<B>(recorded.net.input("audio"), 10 * i + 5);
      write<B>(plain.net.input("audio"), 10 * i + 5);
      recorded.resume_.run(context<B>(), [&] { recorded.net.resume(); });
      plain.net.resume();
      BOOST_TEST((read<B>(recorded.net.output("output")) == read<B>(plain.net.output("output"))), "resumed after run " << i);
    }
  });
}

BOOST_AUTO_TEST_CASE(training_steps_see_the_inputs_and_parameters_of_every_step) {
  for_each_scalar([]<class T>(T) {
    using B = under_test<T>;
    training<B> recorded, plain;
    for (unsigned i = 0; i < runs; ++i)
      BOOST_TEST_CONTEXT("step " << i) {
        recorded.before(10 * i);
        plain.before(10 * i);
        recorded.forward_.run(context<B>(), [&] { recorded.net.forward(); });
        plain.net.forward();
        BOOST_TEST((recorded.output() == plain.output()));
        recorded.between(10 * i);
        plain.between(10 * i);
        recorded.backward_.run(context<B>(), [&] { recorded.net.backward(); });
        plain.net.backward();
        BOOST_TEST((recorded.gradients() == plain.gradients()));
        recorded.net.adam_step({.lr = 0.01 / (i + 1)}, i + 1);
        plain.net.adam_step({.lr = 0.01 / (i + 1)}, i + 1);
        BOOST_TEST((recorded.parameters() == plain.parameters()));
      }
  });
}

BOOST_AUTO_TEST_CASE(arguments_are_those_of_the_second_run) {
  using B = under_test<float>;
  block<B> first(numbers{1}), second(numbers{2}), third(numbers{3}), to(1);
  viseme::recording<B> r;
  int asked = 0;
  for (const auto* from : {&first, &second, &third}) {
    r.run(context<B>(), [&] {
      ++asked;
      context<B>().copy(to.data, from->data, sizeof(float));
    });
    BOOST_TEST(to.values()[0] == (from == &first ? 1 : 2));
  }
  BOOST_TEST(asked == 2);
}

BOOST_AUTO_TEST_CASE(waiting_is_refused) {
  using B = under_test<float>;
  block<B> value(numbers{1});
  viseme::recording<B> r;
  const auto run = [&](bool waits) {
    r.run(context<B>(), [&] {
      context<B>().zero(value.data, sizeof(float));
      if (waits) context<B>().wait();
    });
  };
  run(true);
  const auto why = refusal([&] { run(true); });
  BOOST_TEST(why.find("operation not permitted when stream is capturing") != std::string::npos, why);
  BOOST_TEST(why.find('\n') == std::string::npos);
  for (int i = 0; i < 2; ++i) run(false);
  BOOST_TEST(value.values()[0] == 0);
}

#if !defined(VISEME_TEST_CUDA)
/// Which on a GPU stay without effect, or take part as they were.
BOOST_AUTO_TEST_CASE(so_is_whatever_else_the_host_does) {
  using B = under_test<float>;
  auto& c = context<B>();
  float here = 0;
  block<B> there(numbers{1});
  const auto refused = [&](auto&& f) { return !refusal([&] { c.record(f); }).empty(); };
  BOOST_TEST(refused([&] { c.upload(there.data, &here, sizeof here); }));
  BOOST_TEST(refused([&] { c.download(&here, there.data, sizeof here); }));
  BOOST_TEST(refused([&] { c.send(&here, 1, [](const float*) {}); }));
  BOOST_TEST(refused([&] { c.staging(1); }));
  BOOST_TEST(refused([&] { c.sums(1); }));
  BOOST_TEST(refused([&] { c.record([] {}); }));
  BOOST_TEST(!refused([] {}));
}
#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace recording_suite
