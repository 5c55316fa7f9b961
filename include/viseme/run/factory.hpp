// What makes one net on one backend: declared here for the registry, defined in net_factory.hpp, instantiated in backends/*/instantiate.
#pragma once

#include <memory>
#include <span>

#include <viseme/run/runner.hpp>

namespace viseme {

/// A context shared by all that a device makes.
template <class B>
using shared_context = std::shared_ptr<typename B::context>;

template <class B>
struct net_steps;

template <class B, class Net>
struct inference_factory {
  /// The steps of inference, at the net's own sizes.
  static net_steps<B> steps(int batch);
  static std::shared_ptr<const model> make(shared_context<B>, const net_spec&, std::span<const float> block);
};

template <class B, class Net>
struct training_factory {
  static net_steps<B> steps(int batch);
  static std::unique_ptr<training_net> make(shared_context<B>, std::span<const float> block, const training_net_options&);
};

}  // namespace viseme
