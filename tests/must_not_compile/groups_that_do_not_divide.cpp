// conv2d: groups must divide the channels
#include <viseme/layers/conv2d.hpp>

template struct viseme::conv2d<viseme::conv{.in = 6, .out = 8, .groups = 4}>;
