// Whole nets: forward passes and training steps, next to peers that run in processes of their own.
#include <malloc.h>

#include <cmath>
#include <iostream>

#include <bench/allocations.hpp>
#include <bench/layer_names.hpp>
#include <bench/net_work.hpp>
#include <bench/suite.hpp>
#include <bench/workload.hpp>

namespace viseme::bench {
namespace {

/// Peak of a few runs above the loaded, idle process, of this process: to be called in a fresh one.
double own_peak_mb(device& on, const net_case& c) {
  const auto loaded = load(on, c);
  ::malloc_trim(0);
  const peak_above_idle peak(::getpid());
  const auto work = loaded->start();
  for (int i = 0; i < 3; ++i) work->run();
  return peak.mb();
}

double peak_mb_in_fresh_process(const setting& s, const std::string& name) {
  child_process fresh({"/proc/self/exe", "--memory-of", name, "--backend", s.on->backend(), "--dtype", text(s.scalar), "--threads",
                       std::to_string(s.on->threads())});
  return std::stod(fresh.receive());
}

struct loaded_peer {
  peer who;
  std::unique_ptr<peer_case> work;
};

/// The peers of a case that run here, loaded; those that do not are named once on stderr and left out from then on.
std::vector<loaded_peer> load_peers(setting& s, const net_case& c) {
  std::vector<loaded_peer> loaded;
  std::vector<peer> running;
  for (const auto& p : s.peers) try {
      if (p.trains || c.task != task::train_step) loaded.push_back({p, std::make_unique<peer_case>(p, c, s.on->threads())});
      running.push_back(p);
    } catch (const error& e) {
      std::cerr << "viseme-bench: " << p.name << " is left out: " << e.what() << std::endl;
    }
  s.peers = std::move(running);
  return loaded;
}

/// Medians of a few runs of the whole net, each layer among the others.
std::vector<layer_time> by_layer(setting& s, const net_case& c) {
  const auto spec = c.spec();
  const auto net = s.on->prepare(spec, weights_of(spec));
  const auto run = net->make_session({.batch = c.batch, .image = {0, 0}, .cut = {{}, outputs_of(spec)}});
  for (const auto& v : run->inputs()) run->write(v.name, input_values(v.name, v.size.count()));
  const auto layers = run->layers();
  std::vector<double> once(layers.size());
  std::vector<std::vector<double>> times(layers.size());
  run->run();
  double spent = 0;
  for (int i = 0; i < 3 || spent < 1e3 * s.seconds / 4; ++i) {
    run->run(once);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      times[l].push_back(once[l]);
      spent += once[l];
    }
  }
  std::vector<layer_time> all;
  for (std::size_t l = 0; l < layers.size(); ++l)
    all.push_back({layers[l].path, layer_name(layers[l]), summarise(std::move(times[l])), 2 * layers[l].multiply_adds, layers[l].bytes,
                   s.top.least_ms(2 * layers[l].multiply_adds, layers[l].bytes)});
  return all;
}

case_result measure(setting& s, const net_case& c, const std::string& name) {
  case_result result;
  result.name = name;
  result.peak_mb = peak_mb_in_fresh_process(s, name);

  const auto loaded = load(*s.on, c);
  result.fallbacks = loaded->fallbacks();
  const auto ours = loaded->start();
  result.cold_ms = milliseconds([&] { ours->run(); });
  const auto output = ours->output();

  auto peers = load_peers(s, c);
  for (const auto& [who, work] : peers) {
    work->run();
    result.peers.push_back({who.name, {}, 0, largest_difference(output, work->output())});
  }
  const auto before = allocations();
  ours->run();
  result.allocations = allocations() - before;

  std::vector<timed_run> contestants{[&] { return milliseconds([&] { ours->run(); }); }};
  for (const auto& p : peers) {
    p.work->run();
    contestants.push_back([&work = *p.work] { return work.run(); });
  }
  const auto times = interleave(contestants, s.seconds);
  for (auto& p : peers) p.work.reset();
  result.times = times[0];
  for (std::size_t i = 0; i < peers.size(); ++i) {
    result.peers[i].times = times[i + 1];
    result.peers[i].peak_mb = peak_mb_of(peers[i].who, c, s.on->threads());
  }
  const auto cost = work_of(c);
  result.flops = 2 * cost.macs;
  result.bytes = cost.bytes;
  if (c.task == task::forward) result.layers = by_layer(s, c);
  for (const auto& l : result.layers) result.least_ms += l.least_ms;
  return result;
}

}  // namespace

std::vector<suite_case> net_suite(const setting& with) {
  std::vector<suite_case> suite;
  for (const auto& c : cases_for(*with.on)) {
    if (c.task == task::train_step && !with.trains()) continue;
    const auto name = c.name(with.engine());
    suite.push_back({name, [c, name](setting& s) { return measure(s, c, name); }, [c](device& fresh) { return own_peak_mb(fresh, c); }});
  }
  return suite;
}

}  // namespace viseme::bench
