#include <viseme/io/safetensors.hpp>

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "files.hpp"

namespace safetensors_suite {

using namespace viseme::tests;
using namespace viseme::io;

/// A file of this header and `data` bytes of zero.
std::string file_of(const std::string& header, std::size_t data = 0) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + std::string(data, '\0');
}

checkpoint example() {
  checkpoint c;
  c.metadata = {{"features", "ave"}, {"note", "line\nquote\" \xc3\xa9"}};
  c.tensors.add("z.weight", array::of(std::vector<float>{1, 2, NAN, -0.0f, INFINITY, 6}, {2, 3}));
  c.tensors.add("a.half", array::of(std::vector<float>{1, 2, 3}, {3}).converted(element::bf16));
  c.tensors.add("counter", array::of(std::vector<std::int64_t>{-5}, {}));
  c.tensors.add("none", array::of(std::vector<float>{}, {0, 4}));
  c.tensors.add("flag", array{element::boolean, {1}, {std::byte(1)}});
  return c;
}

void check_refused(const std::string& header, std::size_t data, const std::string& reason) {
  scratch_folder folder;
  spill(folder / "x", file_of(header, data));
  check_error([&] { read_safetensors(folder / "x"); }, reason);
}

BOOST_AUTO_TEST_SUITE(safetensors)

BOOST_AUTO_TEST_CASE(round_trip_keeps_order_types_bytes_and_metadata) {
  scratch_folder folder;
  const auto written = example();
  write_safetensors(folder / "x.safetensors", written);
  const auto read = read_safetensors(folder / "x.safetensors");
  BOOST_CHECK(read.metadata == written.metadata);
  BOOST_REQUIRE_EQUAL(read.tensors.size(), written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) BOOST_CHECK(read.tensors.at(name) == tensor);
  BOOST_CHECK_EQUAL(read.tensors.begin()->first, "z.weight");
}

BOOST_AUTO_TEST_CASE(the_same_checkpoint_gives_the_same_bytes_with_an_aligned_header) {
  scratch_folder folder;
  write_safetensors(folder / "x", example());
  write_safetensors(folder / "y", example());
  const auto bytes = slurp(folder / "x");
  BOOST_CHECK(bytes == slurp(folder / "y"));
  BOOST_CHECK_EQUAL(bytes[0] % 8, 0);
}

BOOST_AUTO_TEST_CASE(every_truncation_is_an_error) {
  scratch_folder folder;
  write_safetensors(folder / "x", example());
  check_truncations(folder / "x", [](auto path) { read_safetensors(path); });
}

BOOST_AUTO_TEST_CASE(flipped_bits_do_no_harm) {
  scratch_folder folder;
  write_safetensors(folder / "x", example());
  check_bit_flips(
      folder / "x", [](auto path) { read_safetensors(path); }, 1000);
}

BOOST_AUTO_TEST_CASE(an_empty_checkpoint) {
  scratch_folder folder;
  write_safetensors(folder / "x", {});
  BOOST_CHECK(read_safetensors(folder / "x").tensors.empty());
}

BOOST_AUTO_TEST_CASE(hostile_headers) {
  check_refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 8, "do not match its sizes");
  check_refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, "do not match its sizes");
  check_refused(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 8, "malformed");
  check_refused(R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", 8, "malformed");
  check_refused(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0, "do not match its sizes");
  check_refused(R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}})", 8, "malformed");
  check_refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "leave a gap");
  check_refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4,
                "overlap");
  check_refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})", 8,
                "overlap");
  check_refused(R"({"a":{"dtype":"F32","shape":[100],"data_offsets":[0,400]}})", 8, "truncated");
  check_refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 9, "after its last tensor");
  check_refused(R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", 1, "unsupported type");
  check_refused(R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,1]}})", 1, "malformed");
  check_refused(R"({"a":{"shape":[1],"data_offsets":[0,1]}})", 1, "malformed");
  check_refused(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})", 1, "malformed");
  check_refused(R"({"a":7})", 0, "no object");
  check_refused(R"({"__metadata__":{"a":7}})", 0, "no text");
  check_refused(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2, "twice");
  check_refused("[]", 0, "no JSON object");
  check_refused("{\"a\"", 0, "no valid JSON");
  check_refused("{\"a\":\"\xff\"}", 0, "no valid JSON");
  check_refused(R"({"a":)" + std::string(100000, '[') + std::string(100000, ']') + "}", 0, "nested too deeply");
}

BOOST_AUTO_TEST_CASE(a_header_longer_than_the_file_is_refused_without_reading_it) {
  scratch_folder folder;
  spill(folder / "x", std::string(8, '\xff') + "{}");
  check_error([&] { read_safetensors(folder / "x"); }, "larger than the file");
  spill(folder / "y", std::string("\0\0\0\x05\0\0\0\0", 8) + "{}");
  check_error([&] { read_safetensors(folder / "y"); }, "larger than the file");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written) {
  scratch_folder folder;
  checkpoint c;
  c.tensors.add("__metadata__", array::of(std::vector<float>{1}, {1}));
  check_error([&] { write_safetensors(folder / "x", c); }, "__metadata__");
  checkpoint d;
  d.metadata["a"] = "\xff\xfe";
  check_error([&] { write_safetensors(folder / "x", d); }, "UTF-8");
  BOOST_CHECK_EQUAL(folder.files(), 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace safetensors_suite
