// Values on their way between the host and a device: through two blocks in turn, so that one is filled while what the other holds
// travels, and while the device works.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

namespace viseme::backends {

/// Block: memory on both sides and an event.
///   `wait()`                  until what was queued before the last mark() is done
///   `host(bytes)`             its memory of the host; grows
///   `sent(bytes)`             its memory of the device, where what host() holds will be: for what is queued from now on
///   `copy_to(to, bytes)`      queues a copy of host() to the device, behind all that is queued
///   `fetched(from, bytes)`    host(), with a copy from the device that is behind all that is queued; waits for it
///   `mark()`                  behind all that is queued
template <class Block>
class transfers {
public:
  /// `of`: what a block is made from.
  template <class... Of>
  explicit transfers(const Of&... of) : blocks_{Block(of...), Block(of...)} {}

  /// read(values in the device's memory) queues what reads them. They travel beside what is queued before.
  template <class Read>
  void send(const float* values, std::size_t count, Read&& read) {
    Block& b = filled(values, count * sizeof(float));
    read(static_cast<const float*>(b.sent(count * sizeof(float))));
    b.mark();
  }
  void upload(void* to, const void* from, std::size_t bytes) {
    if (!bytes) return;
    Block& b = filled(from, bytes);
    b.copy_to(to, bytes);
    b.mark();
  }
  void download(void* to, const void* from, std::size_t bytes) {
    if (bytes) std::memcpy(to, next().fetched(from, bytes), bytes);
  }

private:
  Block& next() {
    Block& b = blocks_[std::exchange(turn_, 1 - turn_)];
    b.wait();
    return b;
  }
  Block& filled(const void* from, std::size_t bytes) {
    Block& b = next();
    std::memcpy(b.host(bytes), from, bytes);
    return b;
  }

  std::array<Block, 2> blocks_;
  std::size_t turn_ = 0;
};

}  // namespace viseme::backends
