// How layers become nets. Blocks and nets are structs with `using body`, so that diagnostics print short names.
#pragma once

#include <viseme/layers/combine.hpp>
#include <viseme/layers/layer.hpp>

namespace viseme {

/// One after the other; children are numbered as torch.nn.Sequential's.
template <class... Modules>
struct sequential {};

/// One after the other; children keep the parent's path.
template <class... Modules>
struct chain {};

/// Puts a module under an attribute name.
template <name Name, class Module>
struct child {};

/// x + Module(x).
template <class Module>
struct residual {};

/// A net's or block's input and its channels.
template <name Name, int Channels>
struct input {};

/// A named step of a network: parameters under `Name`, output value `Name`. Reads the values named `Inputs`, else the step before it.
template <name Name, class Module, name... Inputs>
struct at {};

/// Inputs first, then steps in execution order. A name means its latest definition. The last step is also called "output".
template <class... Entries>
struct network {};

}  // namespace viseme
