#include <backends/cuda/launch.cuh>
#include <backends/simt/every_op.hpp>

template struct viseme::backends::every_op<viseme::backends::cuda<viseme::fp16>>;
