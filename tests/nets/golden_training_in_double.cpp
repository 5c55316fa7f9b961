// The same steps on the reference backend in double, to 1e-6, parameters after Adam included. The golden weights have 25 bits where a norm's
// scale is over 1, so they are set in double here, on the graphs themselves.
#include <boost/test/unit_test.hpp>

#include <backends/reference/reference.hpp>
#include <tests/nets/golden_step.hpp>
#include <viseme/nets/nets.hpp>
#include <viseme/run/training_graph.hpp>

namespace golden_training_in_double_suite {

using namespace viseme;
using namespace viseme::tests;
using reference = backends::reference<double>;

template <class Net>
struct graph_in_double : training_graph<reference, Net> {
  using base = training_graph<reference, Net>;

  graph_in_double(backends::host_context& c, training_options o)
      : base(c, std::vector<float>(block_size(graph::parameters<Net>())), default_input_shapes<Net>(2), std::move(o)) {
    for (const auto& e : base::entries()) {
      const auto values = golden_parameter("public", e.name, e.sizes, e.norm);
      std::copy(values.begin(), values.end(), base::parameter_block() + e.offset);
    }
  }
  void feed(const std::string& key) {
    const auto to = base::input(key);
    const auto values = golden_input("public", key, to.size.count());
    std::copy(values.begin(), values.end(), to.data);  // both NCHW
  }
  std::vector<float> read(const std::string& key) const {
    const auto from = base::output(key);
    return {from.data, from.data + from.size.count()};
  }
  std::vector<float> gradients() const { return {base::gradient_block(), base::gradient_block() + base::trainable_count()}; }
  std::vector<float> parameters() const { return {base::parameter_block(), base::parameter_block() + block_size(base::entries())}; }
};

template <class T>
void copy_values(view<T> from, view<T> to) { std::copy_n(from.data, from.size.count(), to.data); }
template <class T>
void add_values(view<T> from, view<T> to) {
  for (std::size_t i = 0; i < to.size.count(); ++i) to.data[i] += from.data[i];
}

BOOST_AUTO_TEST_SUITE(golden_training_in_double, *boost::unit_test::precondition(needs("VISEME_GOLDEN")))

BOOST_AUTO_TEST_CASE(unet) {
  const step_check want("train_unet_ave_mobile", true);
  backends::host_context c(2);
  graph_in_double<viseme::unet<audio_features::ave, mobile>> net(c, {});
  net.feed("image");
  net.feed("audio");
  net.forward();
  want.close("pred", net.read("output"));

  const auto pred = net.output("output"), d_pred = net.output_gradient("output");
  auto target = golden_input("public", "face", pred.size.count());
  const double l1 = net.loss<l1_loss>({.a = pred, .b = view<const double>(target.data(), pred.size, layout::nchw), .labels = nullptr, .weight = 1, .d_a = d_pred, .d_b = {}});
  double content = 0, sync_loss = 0;
  {
    graph_in_double<vgg19> seen(c, {.frozen = true, .input_gradients = true, .outputs = {}}), wanted(c, {.frozen = true, .input_gradients = false, .outputs = {}});
    copy_values(pred, seen.input("face"));
    seen.forward();
    wanted.feed("face");
    wanted.forward();
    content = seen.loss<mse_loss>({.a = seen.output("output"), .b = wanted.output("output"), .labels = nullptr, .weight = 100, .d_a = seen.output_gradient("output"), .d_b = {}});
    seen.backward();
    add_values(seen.input_gradient("face"), d_pred);
  }
  {
    graph_in_double<syncnet<audio_features::ave>> judge(c, {.frozen = true, .input_gradients = true, .outputs = {"audio", "face"}});
    copy_values(pred, judge.input("face"));
    judge.feed("audio");
    judge.forward();
    const float in_sync[]{1, 1};
    sync_loss = judge.loss<cosine_bce_loss>({.a = judge.output("audio"), .b = judge.output("face"), .labels = in_sync, .weight = 10,
                                             .d_a = judge.output_gradient("audio"), .d_b = judge.output_gradient("face")});
    judge.backward();
    add_values(judge.input_gradient("face"), d_pred);
  }
  want.close("losses", {float(l1), float(content), float(sync_loss), float(l1 + 100 * content + 10 * sync_loss)});
  net.backward();
  want.gradients(net.entries(), net.gradients());
  net.adam_step({}, 1);
  want.after(net.entries(), net.parameters());
}

BOOST_AUTO_TEST_CASE(syncnet_step) {
  const step_check want("train_syncnet_ave", true);
  backends::host_context c(2);
  graph_in_double<syncnet<audio_features::ave>> net(c, {.frozen = false, .input_gradients = false, .outputs = {"audio", "face"}});
  net.feed("face");
  net.feed("audio");
  net.forward();
  const float labels[]{1, 0};
  const double loss = net.loss<cosine_bce_loss>({.a = net.output("audio"), .b = net.output("face"), .labels = labels, .weight = 1,
                                                 .d_a = net.output_gradient("audio"), .d_b = net.output_gradient("face")});
  want.close("loss", {float(loss)});
  net.backward();
  want.gradients(net.entries(), net.gradients());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace golden_training_in_double_suite
