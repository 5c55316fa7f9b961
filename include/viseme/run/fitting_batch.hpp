// What to do where a batch does not fit into a device's memory: the plan of a run is a function of the batch, so that smaller ones are
// tried without allocating anything.
#pragma once

#include <cstddef>
#include <string>

#include <viseme/core/error.hpp>

namespace viseme {

/// The largest batch below `batch` that takes at most `free` bytes; 0: none does. `bytes_of(n)` must not fall as n grows.
template <class BytesOf>
int largest_batch_below(int batch, std::size_t free, BytesOf&& bytes_of) {
  int fits = 0, too_many = batch;
  while (too_many - fits > 1) {
    const int n = fits + (too_many - fits) / 2;
    (bytes_of(n) <= free ? fits : too_many) = n;
  }
  return fits;
}

/// Throws `error` where a batch takes more than `free` bytes. `otherwise`: what helps where a batch of 1 does not fit either.
template <class BytesOf>
void require_fitting_batch(int batch, std::size_t free, BytesOf&& bytes_of, const std::string& otherwise) {
  const std::size_t needed = bytes_of(batch);
  if (needed <= free) return;
  constexpr std::size_t mib = std::size_t(1) << 20;
  const int fits = largest_batch_below(batch, free, bytes_of);
  throw error("batch of " + std::to_string(batch),
              "it needs " + std::to_string((needed + mib - 1) / mib) + " MiB of the device's memory, " + std::to_string(free / mib) +
                  " MiB are free",
              fits ? "use " + std::to_string(fits) + ", the largest that fits there" : (batch > 1 ? "not even 1 fits: " : "") + otherwise);
}

}  // namespace viseme
