#include <backends/emulated/launch.hpp>
#include <backends/simt/every_op.hpp>

template struct viseme::backends::every_op<viseme::backends::emulated<float>>;
