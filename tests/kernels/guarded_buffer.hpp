// Floats that end at a page which may not be touched, and random or poisoned contents: a kernel that reads past its tensor faults.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstddef>
#include <new>
#include <random>

namespace viseme::tests {

class guarded_buffer {
public:
  /// `count` floats, all NaN: whoever reads what nobody wrote shows it.
  explicit guarded_buffer(std::size_t count) : count_(count) {
    const std::size_t page = std::size_t(sysconf(_SC_PAGESIZE)), room = (count * sizeof(float) + page - 1) / page * page;
    bytes_ = room + 2 * page;
    void* base = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<char*>(base);
    mprotect(base_, page, PROT_NONE);
    mprotect(base_ + page + room, page, PROT_NONE);
    data_ = reinterpret_cast<float*>(base_ + page + room) - count;
    for (std::size_t i = 0; i < count; ++i) data_[i] = NAN;
  }
  guarded_buffer(const guarded_buffer&) = delete;
  guarded_buffer& operator=(const guarded_buffer&) = delete;
  guarded_buffer(guarded_buffer&& other) noexcept : base_(other.base_), bytes_(other.bytes_), data_(other.data_), count_(other.count_) {
    other.base_ = nullptr;
  }
  ~guarded_buffer() {
    if (base_) munmap(base_, bytes_);
  }

  float* data() { return data_; }
  const float* data() const { return data_; }
  std::size_t size() const { return count_; }
  float& operator[](std::size_t i) { return data_[i]; }
  float operator[](std::size_t i) const { return data_[i]; }
  float* begin() { return data_; }
  float* end() { return data_ + count_; }
  const float* begin() const { return data_; }
  const float* end() const { return data_ + count_; }

  /// Normal numbers of the given spread around `mean`; the same for the same seed.
  guarded_buffer& randomize(std::uint32_t seed, float spread = 1, float mean = 0) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal(mean, spread);
    for (auto& x : *this) x = normal(generator);
    return *this;
  }

private:
  char* base_ = nullptr;
  std::size_t bytes_ = 0;
  float* data_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace viseme::tests
