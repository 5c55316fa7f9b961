// The engine: core, layers, nets, and what runs them. No files, no pictures, no sound; backends are included from backends/.
#pragma once

#include <viseme/nets/nets.hpp>
#include <viseme/run/engine.hpp>
#include <viseme/run/init.hpp>
#include <viseme/run/runner.hpp>
#include <viseme/run/training_graph.hpp>
