// All ops over the kernels of kernels/simt, for any place.
#pragma once

#include <backends/simt/backend.hpp>
