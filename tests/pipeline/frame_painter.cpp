// Faces drawn into frames in a device's memory against the host's path through OpenCV and swscale: emulated, or on a GPU in a program of
// its own.
#include <tests/media/i420.hpp>
#include <tests/simt/check_simt.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include <viseme/render/compositor.hpp>
#include <viseme/run/kept_values.hpp>
#include <viseme/run/net_painter.hpp>

namespace frame_painter_suite {

using namespace viseme;
using namespace viseme::tests;

/// A net that draws what it is told to, and frames of one size drawn with it.
template <class B>
struct device_net {
  using T = typename B::scalar;
  static constexpr std::size_t area = std::size_t(media::net_size) * media::net_size;
  static constexpr shape image_size{1, 6, media::net_size, media::net_size}, face_size{1, 3, media::net_size, media::net_size};

  explicit device_net(const frame_options& o)
      : image(6 * area), output(3 * area), drawn(3 * area), start({face(output)}, kept_as::exact),
        painter({std::shared_ptr<void>(), &context<B>()},
                {{image.data, image_size, B::preferred},
                 face(output),
                 [this] { context<B>().copy(output.data, drawn.data, 3 * area * sizeof(T)); },
                 [this](const std::byte* const* kept) { start.load(context<B>(), kept); },
                 [this](const kept_values& from) { return start.storage(from); }},
                o) {}

  void upload(const cv::Mat& frame) { painter.upload({frame.data, frame.total() * 3}); }
  void write(const std::vector<float>& face_drawn) { B::load(context<B>(), face_drawn.data(), face(drawn)); }
  std::unique_ptr<const kept_values> keep(const std::vector<float>& face_drawn) const {
    B::load(context<B>(), face_drawn.data(), face(output));
    return start.keep(context<B>());
  }
  std::vector<float> seen() const {
    std::vector<float> v(6 * area);
    B::store(context<B>(), {image.data, image_size, B::preferred}, v.data());
    return v;
  }
  std::vector<std::uint8_t> downloaded(std::size_t bytes) {
    std::vector<std::uint8_t> v(bytes);
    painter.download(v);
    return v;
  }

  block<B> image, output, drawn;
  kept_start<B> start;
  net_painter<B> painter;

private:
  static view<T> face(const block<B>& b) { return {b.data, face_size, B::preferred}; }
};

/// Soft shapes with grain.
cv::Mat picture(int width, int height) {
  cv::Mat p(height, width, CV_8UC3), grain(height, width, CV_8UC3);
  cv::RNG random(5);
  random.fill(p, cv::RNG::UNIFORM, 0, 256);
  cv::GaussianBlur(p, p, {31, 31}, 8);
  cv::normalize(p, p, 0, 255, cv::NORM_MINMAX);
  random.fill(grain, cv::RNG::UNIFORM, 0, 40);
  return p + grain;
}

/// What a net might draw, as T has it: a little out of range too.
template <class T>
std::vector<float> drawn_face() {
  const cv::Mat p = picture(media::net_size, media::net_size);
  std::vector<float> planes(media::picture_size);
  media::to_planes(p, planes.data());
  for (auto& v : planes) v = float(T(1.2f * v - 0.1f));
  return planes;
}

struct setting {
  int width, height;
  pixel_square square;
};

/// Squares within the frame, as large as they get, and over each of its edges; sides around every change of filter.
const std::vector<setting> settings{{640, 480, {100, 50, 200}},  {640, 480, {200, 90, 328}},    {401, 303, {-20, 40, 150}},
                                    {401, 303, {300, 150, 164}}, {333, 455, {40, -31, 131}},    {333, 455, {2, 127, 329}},
                                    {501, 499, {90, 80, 327}},   {640, 601, {-130, -140, 500}}, {640, 601, {160, -170, 601}},
                                    {97, 91, {30, 40, 16}},      {97, 91, {70, 60, 41}},        {657, 660, {0, 2, 656}}};

media::crop_box box_of(pixel_square s) { return {float(s.x), float(s.y), float(s.x + s.side), float(s.y + s.side)}; }

/// The largest difference, and the share of numbers that differ.
template <class Numbers>
void check_near(const Numbers& have, const Numbers& want, double most, double most_share) {
  BOOST_REQUIRE_EQUAL(have.size(), want.size());
  double worst = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < have.size(); ++i) {
    worst = std::max(worst, std::abs(double(have[i]) - double(want[i])));
    count += have[i] != want[i];
  }
  const double share = double(count) / double(have.size());
  BOOST_TEST_MESSAGE("largest difference " << worst << ", share of numbers that differ " << share);
  BOOST_TEST(worst <= most);
  BOOST_TEST(share <= most_share);
}

std::vector<std::uint8_t> bytes(const cv::Mat& m) { return {m.data, m.data + m.total() * m.elemSize()}; }

BOOST_AUTO_TEST_SUITE(frame_painter)

BOOST_AUTO_TEST_CASE(the_net_sees_what_the_host_would_show) {
  for_each_scalar([]<class T>(T) {
    for (const auto& [width, height, square] : settings)
      BOOST_TEST_CONTEXT("square of " << square.side) {
        const auto frame = picture(width, height);
        std::vector<float> want(2 * media::picture_size);
        render::compositor(blend_rule::feather).read(frame, box_of(square), want);
        for (auto& v : want) v = float(T(v));
        device_net<under_test<T>> device({width, height});
        device.write(std::vector<float>(media::picture_size));
        device.upload(frame);
        device.painter.draw(square);
        check_near(device.seen(), want, 1 / 255. + 0x1p-8, 1e-4);
      }
  });
}

BOOST_AUTO_TEST_CASE(faces_are_blended_as_on_the_host) {
  for (const auto rule : {blend_rule::feather, blend_rule::reference})
    for_each_scalar([rule]<class T>(T) {
      const auto drawn = drawn_face<T>();
      for (const auto& [width, height, square] : settings)
        BOOST_TEST_CONTEXT("square of " << square.side << ", " << (rule == blend_rule::feather ? "feather" : "reference")) {
          const auto frame = picture(width, height);
          auto want = frame.clone();
          render::compositor host(rule);
          std::vector<float> image(2 * media::picture_size);
          host.read(want, box_of(square), image);
          host.blend(want, box_of(square), drawn);
          device_net<under_test<T>> device({width, height, rule});
          device.write(drawn);
          device.upload(frame);
          device.painter.draw(square);
          cv::Mat have(frame.size(), CV_8UC3);
          device.painter.download({have.data, have.total() * 3});
          check_near(bytes(have), bytes(want), 1, 1e-3);
          BOOST_TEST(cv::norm(have, frame, cv::NORM_INF) > 20);
        }
    });
}

BOOST_AUTO_TEST_CASE(what_the_encoder_stores_is_made_as_swscale_makes_it) {
  for (const cv::Size size : {cv::Size(64, 48), {319, 241}, {400, 303}, {1, 50}, {50, 1}}) {
    const auto frame = picture(size.width, size.height);
    device_net<under_test<float>> device({size.width, size.height, blend_rule::feather, frame_format::i420});
    std::vector<std::uint8_t> have(frame_bytes(frame_format::i420, size.width, size.height));
    device.upload(frame);
    device.painter.download(have);
    BOOST_TEST_CONTEXT(size) check_near(have, i420_of(frame), 1, 0.02);
  }
}

BOOST_AUTO_TEST_CASE(a_recording_serves_every_frame) {
  using B = under_test<float>;
  constexpr int width = 640, height = 601;
  const std::vector<pixel_square> squares{{160, -170, 601}, {10, 20, 40}, {-130, -140, 500}, {200, 90, 328}, {500, 400, 177}};
  for (const auto rule : {blend_rule::feather, blend_rule::reference}) {
    const frame_options o{width, height, rule, frame_format::i420};
    const auto size = frame_bytes(o.result, width, height);
    device_net<B> same(o);
    std::vector<std::unique_ptr<const kept_values>> kept_of;
    for (std::size_t i = 0; i < squares.size(); ++i)
      BOOST_TEST_CONTEXT("frame " << i << ", " << (rule == blend_rule::feather ? "feather" : "reference")) {
        const cv::Mat frame = picture(width, height) + cv::Scalar::all(9. * double(i));
        auto drawn = drawn_face<float>();
        for (auto& v : drawn) v *= 1 - 0.1f * float(i);
        const std::vector<float> turned(drawn.rbegin(), drawn.rend());
        const auto kept = kept_of.emplace_back(same.keep(turned)).get();
        const auto frame_of = [&](device_net<B>& device, bool face, bool resumes) {
          device.write(drawn);
          device.upload(frame);
          if (face && resumes) device.painter.draw(squares[i], *kept);
          else if (face) device.painter.draw(squares[i]);
          return device.downloaded(size);
        };
        std::vector<std::vector<std::uint8_t>> different;
        for (const auto &[face, resumes] : {std::pair(true, false), {true, true}, {false, false}}) {
          device_net<B> fresh(o);
          const auto want = frame_of(fresh, face, resumes);
          BOOST_TEST((frame_of(same, face, resumes) == want));
          BOOST_TEST(std::ranges::count(different, want) == 0);
          different.push_back(want);
        }
      }
  }
}

#if !defined(VISEME_TEST_CUDA)
/// The emulated place, with a count of what crosses between the host's memory and its own.
struct counting_context : backends::emulated_context {
  using emulated_context::emulated_context;
  std::vector<std::size_t> uploads, downloads;

  void upload(void* to, const void* from, std::size_t bytes) {
    uploads.push_back(bytes);
    emulated_context::upload(to, from, bytes);
  }
  void download(void* to, const void* from, std::size_t bytes) {
    downloads.push_back(bytes);
    emulated_context::download(to, from, bytes);
  }
};
struct counting_place : backends::on_host {
  using context = counting_context;
};

BOOST_AUTO_TEST_CASE(a_frame_crosses_the_bus_once_each_way) {
  using B = backends::simt_backend<counting_place, float>;
  const auto context = std::make_shared<counting_context>(1);
  const host_buffer image(*context, 6 * 320 * 320 * sizeof(float)), output(*context, 3 * 320 * 320 * sizeof(float));
  const auto frame = picture(401, 303);
  std::vector<std::uint8_t> result(frame_bytes(frame_format::i420, 401, 303));
  const painted_net<float> net{
      {image.at<float>(0), {1, 6, 320, 320}, B::preferred}, {output.at<float>(0), {1, 3, 320, 320}, B::preferred}, [] {}, {}, {}};
  net_painter<B> painter(context, net, {401, 303, blend_rule::feather, frame_format::i420});
  painter.upload({frame.data, frame.total() * 3});
  painter.draw({20, 30, 200});
  painter.download(result);
  const std::vector<std::size_t> frame_and_arguments{401 * 303 * 3, sizeof(op<painting, B>::place) + sizeof(std::byte*)};
  BOOST_TEST(context->uploads == frame_and_arguments, boost::test_tools::per_element());
  BOOST_TEST(context->downloads == std::vector<std::size_t>{402 * 304 * 3 / 2}, boost::test_tools::per_element());
}
#endif

BOOST_AUTO_TEST_CASE(wrong_sizes_are_refused) {
  using B = under_test<float>;
  BOOST_CHECK_THROW(device_net<B>({0, 10}), error);
  BOOST_CHECK_THROW(device_net<B>({10, 20000}), error);
  device_net<B> device({100, 80});
  std::vector<std::uint8_t> frame(100 * 80 * 3 - 1);
  BOOST_CHECK_THROW(device.painter.upload(frame), error);
  BOOST_CHECK_THROW(device.painter.download(frame), error);
  for (const pixel_square s : {pixel_square{100, 0, 20}, {0, 80, 20}, {-20, 0, 20}, {0, -20, 20}, {0, 0, 0}, {0, 0, 20000}})
    BOOST_CHECK_THROW(device.painter.draw(s), error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace frame_painter_suite
