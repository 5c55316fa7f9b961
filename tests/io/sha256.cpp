#include <viseme/io/sha256.hpp>

#include <boost/test/unit_test.hpp>

#include "files.hpp"

namespace sha256_suite {

using viseme::io::sha256_of;
using namespace viseme::tests;

std::string of_text(std::string_view text) { return sha256_of(std::as_bytes(std::span(text))); }

BOOST_AUTO_TEST_SUITE(sha256)

BOOST_AUTO_TEST_CASE(known_digests) {
  BOOST_CHECK_EQUAL(of_text(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_CHECK_EQUAL(of_text("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

BOOST_AUTO_TEST_CASE(a_file_of_several_pieces_equals_its_bytes) {
  scratch_folder folder;
  std::string bytes((std::size_t(1) << 20) * 2 + 12345, 'a');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = char(i * 31 >> 3);
  spill(folder / "a", bytes);
  BOOST_CHECK_EQUAL(sha256_of(folder / "a"), of_text(bytes));
  spill(folder / "empty", "");
  BOOST_CHECK_EQUAL(sha256_of(folder / "empty"), of_text(""));
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_an_error) {
  check_error([] { sha256_of(std::filesystem::path("/no/such/file")); }, "no such file");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sha256_suite
