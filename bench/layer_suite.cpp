// Every layer and block of every net, alone: the distinct shapes of what the nets' own steps run.
#include <unistd.h>

#include <map>
#include <unordered_set>

#include <bench/allocations.hpp>
#include <bench/layer_names.hpp>
#include <bench/peers/onednn.hpp>
#include <bench/suite.hpp>
#include <bench/workload.hpp>
#include <tests/onnx/every_net.hpp>

namespace viseme::bench {
namespace {

enum class pass { forward, train_forward, backward };

struct layer_case {
  net_spec net;
  purpose what;
  bench::pass pass;
  int batch;
  std::size_t index;  // of the net's steps
};

bool trains(const net_spec& net) { return net.net == "unet" || net.net == "syncnet" || net.net == "vgg19"; }

constexpr int training_batch = 4;
constexpr double slow_ms = 100;  // what takes longer is run less often
constexpr double turn_ms = 5;    // that a turn lasts at least, where it is no slow one

std::string name_of(const layer_info& l, pass p, const std::string& engine, int batch) {
  const char* word = p == pass::forward ? "/forward/" : p == pass::backward ? "/backward/" : "/train_forward/";
  return layer_name(l) + word + engine + (batch == 1 ? "" : "/batch" + std::to_string(batch));
}

/// Weights of the net used last: cases of one net follow each other.
const std::vector<float>& block_of(const net_spec& spec) {
  static std::pair<std::string, std::vector<float>> last;
  const auto key = spec.net + " " + spec.features + " " + spec.width;
  if (last.first != key) last = {key, weights_of(spec)};
  return last.second;
}

/// Makes every cache forget what it holds.
class cache_sweep {
public:
  cache_sweep() : bytes_(std::clamp<long>(2 * ::sysconf(_SC_LEVEL3_CACHE_SIZE), 64 << 20, 512 << 20)) {}
  void operator()() {
    for (std::size_t i = 0; i < bytes_.size(); i += 64) ++bytes_[i];
  }

private:
  std::vector<unsigned char> bytes_;
};

double cold_ms(const std::function<void()>& run) {
  static cache_sweep sweep;
  std::vector<double> times;
  do {
    sweep();
    times.push_back(milliseconds(run));
  } while (times.size() < 5 && times.front() < slow_ms);
  return summarise(std::move(times)).median_ms;
}

std::vector<float> values_of(const layer_info& info, std::size_t input) {
  return input_values("input" + std::to_string(input), info.inputs[input].count());
}

double difference(const layer_run& ours, onednn_layer& theirs, const layer_info& info) {
  for (std::size_t k = 0; k < info.inputs.size(); ++k) theirs.write(int(k), values_of(info, k));
  theirs.run();
  std::vector<float> output(info.output.count());
  ours.read(output);
  return largest_difference(output, theirs.output());
}

case_result measure(setting& s, const layer_case& c, const std::string& name) {
  const auto layer = s.on->layer(c.net, c.what, c.batch, c.index, block_of(c.net));
  const auto& info = layer->info();
  for (std::size_t k = 0; k < info.inputs.size(); ++k) layer->write(int(k), values_of(info, k));
  layer->forward();
  const std::function<void()> run =
      c.pass == pass::backward ? std::function<void()>([&] { layer->backward(); }) : [&] { layer->forward(); };
  run();

  case_result result;
  result.name = name;
  if (info.ran_by != s.on->backend()) result.fallbacks = {info.path};
  // Backward: one pass for the inputs' gradients and one for the parameters', which reads both values and gradients.
  const double passes = c.pass == pass::backward ? 2 : 1;
  result.flops = 2 * passes * info.multiply_adds;
  result.bytes = passes * info.bytes;
  result.least_ms = s.top.least_ms(result.flops, result.bytes);
  result.peak_mb = double(layer->memory_bytes()) / 1e6;
  const auto before = allocations();
  run();
  result.allocations = allocations() - before;
  result.cold_ms = cold_ms(run);

  std::vector<timed_run> contestants{[&] { return milliseconds(run); }};
  const auto peer = s.onednn && c.pass == pass::forward ? make_onednn_layer(info, block_of(c.net), s.on->threads()) : nullptr;
  if (peer) {
    result.peers.push_back({"onednn", {}, 0, difference(*layer, *peer, info)});
    contestants.push_back([&] { return milliseconds([&] { peer->run(); }); });
  }
  const double warm_ms = milliseconds(run);
  const int burst = warm_ms < slow_ms ? std::clamp(int(turn_ms / warm_ms), 5, 1000) : 1;
  const auto times = interleave(contestants, s.seconds / 10, 3, burst);
  result.times = times[0];
  if (peer) result.peers[0].times = times[1];
  return result;
}

}  // namespace

std::vector<suite_case> layer_suite(const setting& with) {
  std::vector<suite_case> suite;
  std::unordered_set<std::string> seen;
  const auto add = [&](const net_spec& net, purpose what, int batch) {
    const auto layers = with.on->layers(net, what, batch);
    for (std::size_t i = 0; i < layers.size(); ++i)
      for (const auto p : {pass::forward, pass::train_forward, pass::backward}) {
        if ((p == pass::forward) != (what == purpose::inference)) continue;
        const auto name = name_of(layers[i], p, with.engine(), batch);
        if (!seen.insert(name).second) continue;
        suite.push_back({name, [c = layer_case{net, what, p, batch, i}, name](setting& s) { return measure(s, c, name); }});
      }
  };
  for (const auto& net : tests::every_net()) add(net, purpose::inference, 1);
  for (const auto& net : tests::every_net())
    if (trains(net) && with.trains()) add(net, purpose::training, training_batch);
  return suite;
}

}  // namespace viseme::bench
