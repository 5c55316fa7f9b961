// All nets.
#pragma once

#include <viseme/nets/audio_encoder.hpp>
#include <viseme/nets/pfld.hpp>
#include <viseme/nets/syncnet.hpp>
#include <viseme/nets/unet.hpp>
#include <viseme/nets/vgg19.hpp>
