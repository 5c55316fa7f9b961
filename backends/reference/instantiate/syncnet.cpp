#include <backends/reference/reference.hpp>
#include <viseme/nets/syncnet.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::reference<float>, syncnet<audio_features::ave>, purpose::inference>;
template struct net_program<backends::reference<float>, syncnet<audio_features::ave>, purpose::training>;
template struct net_program<backends::reference<double>, syncnet<audio_features::ave>, purpose::inference>;
template struct net_program<backends::reference<double>, syncnet<audio_features::ave>, purpose::training>;
template struct net_program<backends::reference<float>, syncnet<audio_features::hubert>, purpose::inference>;
template struct net_program<backends::reference<float>, syncnet<audio_features::hubert>, purpose::training>;
template struct net_program<backends::reference<double>, syncnet<audio_features::hubert>, purpose::inference>;
template struct net_program<backends::reference<double>, syncnet<audio_features::hubert>, purpose::training>;
template struct net_program<backends::reference<float>, syncnet<audio_features::wenet>, purpose::inference>;
template struct net_program<backends::reference<float>, syncnet<audio_features::wenet>, purpose::training>;
template struct net_program<backends::reference<double>, syncnet<audio_features::wenet>, purpose::inference>;
template struct net_program<backends::reference<double>, syncnet<audio_features::wenet>, purpose::training>;

}  // namespace viseme
