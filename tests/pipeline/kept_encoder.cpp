#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "../environment.hpp"

#include <viseme/audio/samples.hpp>
#include <viseme/media/net_image.hpp>
#include <viseme/render/compositor.hpp>
#include <viseme/render/kept_encoder.hpp>
#include <viseme/render/load_person.hpp>

namespace kept_encoder_suite {

using namespace viseme;
using namespace viseme::tests;

using floats = std::vector<float>;

floats random_floats(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(0, 1);
  floats v(count);
  for (auto& x : v) x = uniform(generator);
  return v;
}

floats image_of(std::int64_t frame) { return random_floats(2 * media::picture_size, unsigned(frame)); }
floats audio_of(unsigned seed) { return random_floats(32 * 16 * 16, 1000 + seed); }

std::shared_ptr<const model> untrained() {
  static const auto once = [] {
    const net_spec spec{"unet", "mel", "mobile"};
    return open_device("cpu")->prepare(spec, initial_block(spec, 1));
  }();
  return once;
}

floats draw(render::kept_encoder& net, std::int64_t frame, const floats& image, const floats& audio) {
  floats output(media::picture_size);
  net.run(frame, image, audio, output);
  return output;
}
floats draw(render::kept_encoder& net, std::int64_t frame, unsigned sound) { return draw(net, frame, image_of(frame), audio_of(sound)); }

/// Of numbers in [0, 1], in dB.
double psnr(const floats& a, const floats& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
  return -10 * std::log10(sum / double(a.size()));
}

/// down1 .. down5 of the mobile net in bf16.
constexpr std::size_t mobile_frame = 2 * (16 * 160 * 160 + 32 * 80 * 80 + 64 * 40 * 40 + 128 * 20 * 20 + 256 * 10 * 10);

constexpr std::size_t plenty = std::size_t(64) << 20;

BOOST_AUTO_TEST_SUITE(kept_encoder)

BOOST_AUTO_TEST_CASE(kept_exactly_a_frame_comes_out_bit_for_bit) {
  render::kept_encoder none(*untrained(), 2, 0), kept(*untrained(), 2, plenty, kept_as::exact);
  for (const auto& [frame, sound] : {std::pair<std::int64_t, unsigned>{0, 1}, {1, 2}, {0, 3}, {1, 1}}) {
    BOOST_TEST(kept.keeps(frame) == (sound == 3 || frame * sound == 1));
    BOOST_TEST((draw(kept, frame, sound) == draw(none, frame, sound)));
  }
  BOOST_TEST(kept.frames() == 2);
  BOOST_TEST(kept.bytes() == 2 * 2 * mobile_frame);
  BOOST_TEST(none.frames() == 0);
  BOOST_TEST(none.bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(rounded_to_bf16_it_is_near) {
  render::kept_encoder kept(*untrained(), 1, plenty);
  const auto cold = draw(kept, 0, 1), warm = draw(kept, 0, 1);
  BOOST_TEST(kept.keeps(0));
  BOOST_TEST(psnr(warm, cold) > 50);
  BOOST_TEST((draw(kept, 0, 1) == warm));
}

BOOST_AUTO_TEST_CASE(once_full_it_keeps_what_it_has) {
  render::kept_encoder kept(*untrained(), 4, 2 * mobile_frame + mobile_frame / 2);
  for (const std::int64_t frame : {2, 3, 1, 0, 2}) draw(kept, frame, 1);
  for (const std::int64_t frame : {0, 1, 2, 3}) BOOST_TEST(kept.keeps(frame) == (frame >= 2));
  BOOST_TEST(kept.frames() == 2);
  BOOST_TEST(kept.bytes() == 2 * mobile_frame);
}

BOOST_AUTO_TEST_CASE(too_little_memory_keeps_nothing) {
  render::kept_encoder kept(*untrained(), 1, mobile_frame - 1), just(*untrained(), 1, mobile_frame);
  draw(kept, 0, 1);
  draw(just, 0, 1);
  BOOST_TEST(!kept.keeps(0));
  BOOST_TEST(just.keeps(0));
}

BOOST_AUTO_TEST_CASE(sessions_share_what_one_kept) {
  const session_options options{.batch = 1, .image = {0, 0}, .cut = {{}, {}, render::kept_steps}, .keep_as = kept_as::exact};
  const auto a = untrained()->make_session(options), b = untrained()->make_session(options);
  for (auto* s : {a.get(), b.get()}) s->write("image", image_of(0)), s->write("audio", audio_of(1));
  a->run();
  const auto kept = a->keep();
  BOOST_TEST(kept->memory_bytes() == a->kept_bytes());
  b->resume(*kept);
  floats from_a(media::picture_size), from_b(media::picture_size);
  a->read("output", from_a);
  b->read("output", from_b);
  BOOST_TEST((from_a == from_b));
}

BOOST_AUTO_TEST_CASE(what_another_device_kept_is_refused) {
  const net_spec spec{"unet", "mel", "mobile"};
  const session_options options{.batch = 1, .image = {0, 0}, .cut = {{"image"}, {"down1"}, {"inc"}}, .keep_as = kept_as::bf16};
  const auto cpu = untrained()->make_session(options), other = open_device("reference")->prepare(spec, initial_block(spec, 1))->make_session(options);
  const auto larger = untrained()->make_session({.batch = 2, .image = {0, 0}, .cut = options.cut, .keep_as = kept_as::bf16});
  cpu->run();
  BOOST_CHECK_THROW(other->resume(*cpu->keep()), error);
  BOOST_CHECK_THROW(larger->resume(*cpu->keep()), error);
  BOOST_CHECK_NO_THROW(cpu->resume(*cpu->keep()));
}

BOOST_AUTO_TEST_CASE(the_demo_person_looks_the_same, *boost::unit_test::precondition(needs("VISEME_SOURCE"))) {
  const auto shipped = source() / "weights/demo";
  const auto device = open_device("cpu");
  const auto who = render::load_person(*device, {.dataset = shipped / "person", .checkpoint = shipped / "person.safetensors", .audio_encoder = {}, .features = {}, .width = {}});
  render::sound_features heard(who->sound, {}, {});
  heard.push(audio::read_samples(shipped / "hello.wav"));
  heard.finish();
  render::kept_encoder kept(*who->unet, who->data->frames(), plenty);
  render::compositor face(render::blend_rule::feather);
  floats image(2 * media::picture_size), window(32 * 16 * 16);
  for (const std::int64_t frame : {0, 20, 40}) {
    const auto& record = who->data->record(frame);
    BOOST_REQUIRE(record.valid);
    face.read(who->data->read_frame(frame), record.crop, image);
    heard.window(frame, window);
    const auto cold = draw(kept, frame, image, window), warm = draw(kept, frame, image, window);
    const double same = psnr(warm, cold);
    BOOST_TEST_MESSAGE("frame " << frame << ": " << same << " dB");
    BOOST_TEST(same > 50);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace kept_encoder_suite
