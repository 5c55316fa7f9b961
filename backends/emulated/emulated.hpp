// All ops of the emulated backend.
#pragma once

#include <backends/emulated/launch.hpp>
#include <backends/simt/simt.hpp>
