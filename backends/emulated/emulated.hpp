// All ops of the emulated backend.
#pragma once

#include <backends/emulated/backend.hpp>
#include <backends/simt/simt.hpp>
