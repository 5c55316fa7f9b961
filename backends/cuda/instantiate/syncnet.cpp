#include <backends/cuda/backend.hpp>
#include <backends/simt/simt.hpp>
#include <viseme/nets/syncnet.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::cuda<float>, syncnet<audio_features::ave>>;
template struct training_factory<backends::cuda<float>, syncnet<audio_features::ave>>;
template struct inference_factory<backends::cuda<bf16>, syncnet<audio_features::ave>>;
template struct training_factory<backends::cuda<bf16>, syncnet<audio_features::ave>>;
template struct inference_factory<backends::cuda<fp16>, syncnet<audio_features::ave>>;
template struct training_factory<backends::cuda<fp16>, syncnet<audio_features::ave>>;
template struct inference_factory<backends::cuda<float>, syncnet<audio_features::hubert>>;
template struct training_factory<backends::cuda<float>, syncnet<audio_features::hubert>>;
template struct inference_factory<backends::cuda<bf16>, syncnet<audio_features::hubert>>;
template struct training_factory<backends::cuda<bf16>, syncnet<audio_features::hubert>>;
template struct inference_factory<backends::cuda<fp16>, syncnet<audio_features::hubert>>;
template struct training_factory<backends::cuda<fp16>, syncnet<audio_features::hubert>>;
template struct inference_factory<backends::cuda<float>, syncnet<audio_features::wenet>>;
template struct training_factory<backends::cuda<float>, syncnet<audio_features::wenet>>;
template struct inference_factory<backends::cuda<bf16>, syncnet<audio_features::wenet>>;
template struct training_factory<backends::cuda<bf16>, syncnet<audio_features::wenet>>;
template struct inference_factory<backends::cuda<fp16>, syncnet<audio_features::wenet>>;
template struct training_factory<backends::cuda<fp16>, syncnet<audio_features::wenet>>;

}  // namespace viseme
