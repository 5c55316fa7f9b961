// From a net's name to its type. For the few files that instantiate something for every net.
#pragma once

#include <type_traits>

#include <viseme/core/error.hpp>
#include <viseme/nets/nets.hpp>
#include <viseme/run/runner.hpp>

namespace viseme {

[[noreturn]] inline void unknown_name(const std::string& what, const std::string& value, const std::string& known) {
  throw error(what + " '" + value + "'", "unknown", "choose one of " + known);
}

template <class F>
auto with_features(const std::string& name, F&& f) {
  using enum audio_features;
  if (name == "ave" || name == "mel") return f(std::integral_constant<audio_features, ave>{});
  if (name == "hubert") return f(std::integral_constant<audio_features, hubert>{});
  if (name == "wenet") return f(std::integral_constant<audio_features, wenet>{});
  unknown_name("features", name, "mel, ave, hubert, wenet");
}

/// f(std::type_identity<Net>) for the net that a spec names; PFLD in the given form. Throws `error` for a net nobody knows.
template <class Form, class F>
auto with_net(const net_spec& s, F&& f) {
  if (s.net == "unet")
    return with_features(s.features, [&](auto a) {
      if (s.width == "wide") return f(std::type_identity<unet<a.value, wide>>{});
      if (s.width == "mobile") return f(std::type_identity<unet<a.value, mobile>>{});
      unknown_name("width", s.width, "wide, mobile");
    });
  if (s.net == "syncnet") return with_features(s.features, [&](auto a) { return f(std::type_identity<syncnet<a.value>>{}); });
  if (s.net == "audio_encoder") return f(std::type_identity<audio_encoder>{});
  if (s.net == "pfld") return f(std::type_identity<pfld<Form>>{});
  if (s.net == "vgg19") return f(std::type_identity<vgg19>{});
  unknown_name("net", s.net, "unet, syncnet, audio_encoder, pfld, vgg19");
}

}  // namespace viseme
