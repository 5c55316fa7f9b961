// Copies between channels-last views.
#pragma once

#include <algorithm>

#include <backends/simt/walk.hpp>
#include <kernels/simt/elementwise.hpp>

namespace viseme::backends {

/// Copies that run as one kernel.
template <class P, class T>
class simt_moves {
public:
  void add(view<const T> from, view<T> to, gradient_write write) {
    const auto w = simt_walk<T>::elements(to.size, simt::in_flight, {from, to});
    kernel_.parts[grid_.z++] = {w.tiles(), w(from), w(to), simt_writing(write), w.vectors()};
    grid_.x = std::max(grid_.x, w.tiles().chunks());
    grid_.y = std::max(grid_.y, w.tiles().across());
  }
  void run(typename P::context& c) const {
    if (grid_.z) launch(c, grid_, kernel_);
  }

private:
  static_assert(simt::move_many<T>::most >= max_inputs);
  simt::move_many<T> kernel_{};
  simt::grid grid_{1, 1, 0};
};

template <class P, class T>
void simt_backend<P, T>::move(context& c, view<const T> from, view<T> to, gradient_write write) {
  simt_moves<P, T> moves;
  moves.add(from, to, write);
  moves.run(c);
}

}  // namespace viseme::backends
