#include <algorithm>
#include <array>
#include <atomic>
#include <viseme/run/thread_pool.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace thread_pool_suite {

BOOST_AUTO_TEST_SUITE(thread_pool)

using workers = viseme::thread_pool;

BOOST_AUTO_TEST_CASE(every_task_runs_once) {
  for (const int threads : {0, 1, 2, 3, 7}) {
    workers p(threads);
    BOOST_TEST(p.threads() == std::max(threads, 1));
    for (const int tasks : {0, 1, 2, 3, 64, 1000}) {
      std::vector<int> count(tasks, 0);
      p.run(tasks, [&](int i) { ++count[i]; });
      BOOST_TEST(std::count(count.begin(), count.end(), 1) == tasks);
    }
  }
}

BOOST_AUTO_TEST_CASE(many_short_loops_see_what_the_last_one_wrote) {
  workers p(3);
  std::vector<int> values(8, 0);
  for (int round = 0; round < 20000; ++round) p.run(8, [&](int i) { ++values[(i + round) % 8]; });
  BOOST_TEST(std::accumulate(values.begin(), values.end(), 0) == 160000);
}

BOOST_AUTO_TEST_CASE(sleeping_workers_wake) {
  workers p(2);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::atomic<int> arrived{0};
    p.run(2, [&](int) {
      arrived.fetch_add(1);
      while (arrived.load() < 2) std::this_thread::yield();
    });
    BOOST_TEST(arrived == 2);
  }
}

BOOST_AUTO_TEST_CASE(a_nested_loop_runs_on_its_thread) {
  workers p(3);
  std::atomic<int> sum{0};
  p.run(16, [&](int i) {
    const auto self = std::this_thread::get_id();
    p.run(16, [&](int j) {
      if (std::this_thread::get_id() == self) sum += i * 16 + j;
    });
  });
  BOOST_TEST(sum == 255 * 128);
}

BOOST_AUTO_TEST_CASE(no_two_threads_have_one_slot) {
  workers p(3);
  std::array<std::atomic<int>, 3> inside{};
  std::atomic<int> shared{0}, outside{0};
  for (int loop = 0; loop < 20000; ++loop)  // short ones: a thread that still looks for tasks of one loop finds those of the next
    p.run(3, [&](int, int slot) {
      if (slot < 0 || slot >= 3) return void(++outside);
      if (inside[slot].exchange(1)) ++shared;
      inside[slot].store(0);
    });
  BOOST_TEST(shared == 0);
  BOOST_TEST(outside == 0);
}

BOOST_AUTO_TEST_CASE(an_exception_reaches_the_caller_and_the_pool_lives_on) {
  for (const int threads : {1, 3}) {
    workers p(threads);
    for (int round = 0; round < 200; ++round)
      BOOST_CHECK_EXCEPTION(p.run(50,
                                  [&](int i) {
                                    if (i == round % 50) throw std::runtime_error("task");
                                  }),
                            std::runtime_error, [](const auto& e) { return e.what() == std::string("task"); });
    std::atomic<int> count{0};
    p.run(50, [&](int) { ++count; });
    BOOST_TEST(count == 50);
  }
}

BOOST_AUTO_TEST_CASE(callers_on_several_threads_share_it) {
  workers p(2);
  std::atomic<long> sum{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&] {
      for (int round = 0; round < 500; ++round) p.run(10, [&](int i) { sum += i; });
    });
  for (auto& c : callers) c.join();
  BOOST_TEST(sum == 4 * 500 * 45);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace thread_pool_suite
