// The demo person drawn in int8 and bf16: how far from fp32.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

#include <tests/environment.hpp>
#include <viseme/audio/samples.hpp>
#include <viseme/render/load_person.hpp>
#include <viseme/render/renderer.hpp>

namespace narrow_suite {

using namespace viseme;
using namespace viseme::tests;

/// A demo frame's net pictures, in the net of a person loaded on one device.
struct drawing {
  std::shared_ptr<device> on;
  std::shared_ptr<const render::person> who;
  std::unique_ptr<session> run;

  explicit drawing(dtype type) : on(open_device("cpu", type)), who(load(*on)), run(who->unet->make_session({})) {}

  static std::shared_ptr<const render::person> load(device& on) {
    const auto shipped = source() / "weights/demo";
    return render::load_person(
        on,
        {.dataset = shipped / "person", .checkpoint = shipped / "person.safetensors", .audio_encoder = {}, .features = {}, .width = {}});
  }
  std::vector<float> operator()(const std::vector<float>& image, const std::vector<float>& window) {
    run->write("image", image);
    run->write("audio", window);
    run->run();
    std::vector<float> face(media::picture_size);
    run->read("output", face);
    return face;
  }
};

/// Peak signal to noise, values in [0, 1].
double decibels(const std::vector<float>& have, const std::vector<float>& want) {
  double square = 0;
  for (std::size_t i = 0; i < have.size(); ++i) square += (double(have[i]) - want[i]) * (double(have[i]) - want[i]);
  return -10 * std::log10(square / double(have.size()));
}

BOOST_AUTO_TEST_SUITE(narrow, *boost::unit_test::precondition(needs("VISEME_SOURCE")))

BOOST_AUTO_TEST_CASE(the_demo_person_stays_close) {
  drawing exact(dtype::fp32), in_int8(dtype::int8), in_bf16(dtype::bf16);
  const auto& who = *exact.who;
  render::sound_features heard(who.sound, {}, {});
  heard.push(audio::read_samples(source() / "weights/demo/hello.wav"));
  heard.finish();
  render::compositor face(render::blend_rule::feather);
  std::vector<float> image(2 * media::picture_size), window(32 * 16 * 16);
  for (const std::int64_t frame : {0, 15, 30, 45}) {
    const auto& record = who.data->record(frame);
    BOOST_REQUIRE(record.valid);
    face.read(who.data->read_frame(frame), record.crop, image);
    heard.window(frame, window);
    const auto want = exact(image, window);
    BOOST_TEST(decibels(in_int8(image, window), want) > 48, "frame " << frame);
    BOOST_TEST(decibels(in_bf16(image, window), want) > 55, "frame " << frame);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace narrow_suite
