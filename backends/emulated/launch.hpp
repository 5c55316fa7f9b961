// launch() of the emulated backend; include it where what launches is instantiated.
#pragma once

#include <backends/emulated/backend.hpp>

namespace viseme::backends {

template <class Kernel>
void launch(emulated_context& c, simt::grid g, const Kernel& kernel) {
  c.queue([&on = c.launcher, g, kernel] { on.launch(g, kernel); });
}

}  // namespace viseme::backends
