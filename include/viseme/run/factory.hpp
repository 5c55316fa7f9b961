// What makes the runners of any net on one backend: declared here for the registry, defined in net_factory.hpp, instantiated once a backend.
#pragma once

#include <memory>
#include <span>

#include <viseme/run/net_steps.hpp>
#include <viseme/run/runner.hpp>

namespace viseme {

/// A context shared by all that a device makes.
template <class B>
using shared_context = std::shared_ptr<typename B::context>;

template <class B>
struct net_factory {
  /// The steps at the net's own sizes.
  static net_steps<B> steps(const program<B>&, int batch);
  static std::shared_ptr<const model> prepare(const program<B>&, shared_context<B>, const net_spec&, std::span<const float> block);
  static std::unique_ptr<training_net> train(const program<B>&, shared_context<B>, std::span<const float> block, const training_net_options&);
};

}  // namespace viseme
