#include <viseme/io/atomic_file.hpp>

#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "files.hpp"

namespace atomic_file_suite {

using namespace viseme::tests;
using viseme::io::write_text;

BOOST_AUTO_TEST_SUITE(atomic_file)

BOOST_AUTO_TEST_CASE(commit_gives_the_final_name) {
  scratch_folder folder;
  viseme::io::atomic_file file(folder / "a.txt");
  file.write("hello ");
  file.write("world");
  BOOST_CHECK(!std::filesystem::exists(folder / "a.txt"));
  file.commit();
  BOOST_CHECK_EQUAL(slurp(folder / "a.txt"), "hello world");
  BOOST_CHECK_EQUAL(folder.files(), 1u);
}

BOOST_AUTO_TEST_CASE(nothing_stays_without_commit) {
  scratch_folder folder;
  { viseme::io::atomic_file(folder / "a.txt").write("half"); }
  BOOST_CHECK_EQUAL(folder.files(), 0u);
}

BOOST_AUTO_TEST_CASE(the_old_file_stays_until_commit) {
  scratch_folder folder;
  spill(folder / "a", "old");
  {
    viseme::io::atomic_file file(folder / "a");
    file.write("new");
    BOOST_CHECK_EQUAL(slurp(folder / "a"), "old");
  }
  BOOST_CHECK_EQUAL(slurp(folder / "a"), "old");
  write_text(folder / "a", "new");
  BOOST_CHECK_EQUAL(slurp(folder / "a"), "new");
}

BOOST_AUTO_TEST_CASE(the_temporary_is_hidden_beside_and_keeps_the_extension) {
  scratch_folder folder;
  viseme::io::atomic_file one(folder / "out.mp4"), two(folder / "out.mp4");
  BOOST_CHECK_EQUAL(one.temporary().extension(), ".mp4");
  BOOST_CHECK_EQUAL(one.temporary().filename().string()[0], '.');
  BOOST_CHECK_EQUAL(one.temporary().parent_path(), (folder / "out.mp4").parent_path());
  BOOST_CHECK_NE(one.temporary(), two.temporary());
}

BOOST_AUTO_TEST_CASE(another_library_may_write_the_temporary) {
  scratch_folder folder;
  viseme::io::atomic_file file(folder / "a.bin");
  std::filesystem::remove(file.temporary());
  spill(file.temporary(), "by someone else");
  file.commit();
  BOOST_CHECK_EQUAL(slurp(folder / "a.bin"), "by someone else");
}

BOOST_AUTO_TEST_CASE(a_relative_name_works) {
  const auto name = "viseme-atomic-file-test.txt";
  write_text(name, "x");
  BOOST_CHECK_EQUAL(slurp(name), "x");
  std::filesystem::remove(name);
}

BOOST_AUTO_TEST_CASE(errors_name_the_file_and_the_reason) {
  scratch_folder folder;
  check_error([&] { write_text(folder / "no/such/file", "x"); }, "No such file or directory");
  check_error([&] { write_text("/dev/null/x", "x"); }, "/dev/null/x");
  check_error([&] { write_text("", "x"); }, "no file name");
  std::filesystem::create_directory(folder / "taken");
  check_error([&] { write_text(folder / "taken", "x"); }, "directory");
  BOOST_CHECK_EQUAL(folder.files(), 1u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_nothing) {
  scratch_folder folder;
  rlimit before;
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{4096, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string message;
  try {
    write_text(folder / "a", std::string(100000, 'x'));
  } catch (const viseme::error& e) {
    message = e.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  BOOST_CHECK_NE(message.find("File too large"), message.npos);
  BOOST_CHECK_EQUAL(folder.files(), 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace atomic_file_suite
