// What travels through two blocks arrives whatever the order in which a device gets to it, as long as it keeps to its streams and events.
#include <boost/test/unit_test.hpp>

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include <backends/simt/transfers.hpp>

namespace transfers_suite {

using namespace viseme::backends;

/// Two streams of a pretended device. Work is done as late as somebody waits for it, and in an order drawn by a seed.
class pretended_device {
public:
  struct event {
    int marked = 0, passed = 0;  // times
  };
  enum stream { main, copies };

  explicit pretended_device(unsigned seed) : random_(seed) {}

  void queue(stream s, std::function<void()> work) { queues_[s].push_back({[] { return true; }, std::move(work)}); }
  void record(stream s, std::shared_ptr<event> e) {
    queue(s, [e, number = ++e->marked] { e->passed = std::max(e->passed, number); });
  }
  /// The stream goes on once the last record() before this is passed.
  void hold(stream s, std::shared_ptr<event> e) {
    queues_[s].push_back({[e, number = e->marked] { return e->passed >= number; }, [] {}});
  }
  void wait(const event& e) {
    for (++waits; e.passed < e.marked;) step();
  }
  void finish() {
    while (!queues_[main].empty() || !queues_[copies].empty()) step();
  }
  /// Some of what is queued.
  void work() {
    for (int n = int(random_() % 8); n > 0 && !(queues_[main].empty() && queues_[copies].empty()); --n) step();
  }

  int waits = 0, allocations = 0;

private:
  struct queued {
    std::function<bool()> ready;
    std::function<void()> work;
  };
  void step() {
    auto& q = queues_[random_() % 2];
    if (q.empty() || !q.front().ready()) return;
    q.front().work();
    q.pop_front();
  }

  std::mt19937 random_;
  std::array<std::deque<queued>, 2> queues_;
};

class block {
public:
  explicit block(pretended_device* d) : device_(d) {}

  void wait() { device_->wait(*event_); }
  void* host(std::size_t bytes) { return grown(host_, bytes); }
  void* sent(std::size_t bytes) {
    void* to = grown(there_, bytes);
    device_->queue(device_->copies, [to, from = host_.data(), bytes] { std::memcpy(to, from, bytes); });
    device_->record(device_->copies, event_);
    device_->hold(device_->main, event_);
    return to;
  }
  void copy_to(void* to, std::size_t bytes) {
    device_->queue(device_->main, [to, from = host_.data(), bytes] { std::memcpy(to, from, bytes); });
  }
  const void* fetched(const void* from, std::size_t bytes) {
    void* to = host(bytes);
    device_->queue(device_->main, [=] { std::memcpy(to, from, bytes); });
    device_->finish();
    return to;
  }
  void mark() { device_->record(device_->main, event_); }

private:
  void* grown(std::vector<std::byte>& v, std::size_t bytes) {
    if (v.size() < bytes) v = std::vector<std::byte>(bytes), ++device_->allocations;
    return v.data();
  }

  pretended_device* device_;
  std::shared_ptr<pretended_device::event> event_ = std::make_shared<pretended_device::event>();
  std::vector<std::byte> host_, there_;
};

std::vector<float> numbers(int first, std::size_t count) {
  std::vector<float> v(count);
  std::iota(v.begin(), v.end(), float(first));
  return v;
}

/// Work of the main stream that takes a copy of what it is given.
struct reader {
  pretended_device& device;
  std::deque<std::vector<float>> seen;

  void operator()(const float* values, std::size_t count) {
    auto& to = seen.emplace_back(count);
    device.queue(device.main, [&to, values] { std::copy_n(values, to.size(), to.begin()); });
  }
};

BOOST_AUTO_TEST_SUITE(transfers)

BOOST_AUTO_TEST_CASE(what_is_sent_is_read) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    pretended_device device(seed);
    viseme::backends::transfers<block> all(&device);
    reader read{device, {}};
    std::vector<std::vector<float>> sent;
    for (int i = 0; i < 20; ++i) {
      auto values = sent.emplace_back(numbers(100 * i, 1 + std::size_t(i * 7 % 13)));
      all.send(values.data(), values.size(), [&](const float* v) { read(v, values.size()); });
      values.assign(values.size(), -1);  // the caller's again
      if (seed % 2) device.work();
    }
    device.finish();
    BOOST_TEST(std::equal(sent.begin(), sent.end(), read.seen.begin(), read.seen.end()), "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(uploads_stay_behind_what_reads_their_target) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    pretended_device device(seed);
    viseme::backends::transfers<block> all(&device);
    reader read{device, {}};
    std::vector<float> target(8);
    for (int i = 0; i < 20; ++i) {
      const auto values = numbers(100 * i, 8);
      all.upload(target.data(), values.data(), 8 * sizeof(float));
      read(target.data(), 8);
      all.send(values.data(), 3, [&](const float* v) { read(v, 3); });
    }
    std::vector<float> last(8);
    all.download(last.data(), target.data(), 8 * sizeof(float));
    BOOST_TEST(last == numbers(1900, 8), boost::test_tools::per_element());
    for (int i = 0; i < 20; ++i) {
      BOOST_TEST(read.seen[std::size_t(2 * i)] == numbers(100 * i, 8), boost::test_tools::per_element());
      BOOST_TEST(read.seen[std::size_t(2 * i + 1)] == numbers(100 * i, 3), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(two_values_are_on_their_way_before_one_is_waited_for) {
  pretended_device device(1);
  viseme::backends::transfers<block> all(&device);
  int read = 0;
  const float value = 1;
  const auto send = [&] { all.send(&value, 1, [&](const float*) { device.queue(device.main, [&] { ++read; }); }); };
  send();
  send();
  BOOST_TEST(read == 0);
  send();
  BOOST_TEST(read >= 1);
}

BOOST_AUTO_TEST_CASE(a_steady_state_allocates_nothing) {
  pretended_device device(1);
  viseme::backends::transfers<block> all(&device);
  const auto image = numbers(0, 60), audio = numbers(0, 5), target = numbers(0, 30);
  const auto step = [&] {
    for (const auto* v : {&image, &audio, &target}) all.send(v->data(), v->size(), [](const float*) {});
  };
  step();
  step();
  const int before = device.allocations;
  for (int i = 0; i < 10; ++i) step();
  BOOST_TEST(device.allocations == before);
}

BOOST_AUTO_TEST_CASE(nothing_is_no_transfer) {
  pretended_device device(1);
  viseme::backends::transfers<block> all(&device);
  all.upload(nullptr, nullptr, 0);
  all.download(nullptr, nullptr, 0);
  BOOST_TEST(device.waits == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace transfers_suite
