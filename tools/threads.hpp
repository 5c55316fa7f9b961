// The threads of a program that has OpenCV and FFmpeg beside the engine.
#pragma once

#include <opencv2/core/utility.hpp>

#include <algorithm>
#include <thread>

#include "options.hpp"

namespace viseme::tools {

/// --threads as a number, all cores if it is 0. OpenCV gets no more of them: by itself it would start one for every core beside the engine's.
inline int threads_of(const po::variables_map& given) {
  const int wanted = given["threads"].as<int>(), count = wanted > 0 ? wanted : std::max(1, int(std::thread::hardware_concurrency()));
  cv::setNumThreads(count);
  return count;
}

}  // namespace viseme::tools
