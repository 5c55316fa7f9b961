#include <viseme/io/pth_writer.hpp>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <iostream>
#include <viseme/io/checkpoint.hpp>

#include "files.hpp"

namespace pth_writer_suite {

using namespace viseme::tests;
using namespace viseme::io;

checkpoint example() {
  checkpoint c;
  c.metadata = {{"features", "mel"}, {"step", "12"}};
  c.tensors.add("z.weight", array::of(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3, 1}));
  for (const auto type : {element::f64, element::f16, element::bf16})
    c.tensors.add("a." + std::string(name_of(type)), array::of(std::vector<float>{1, -2, 0.5f}, {3}).converted(type));
  c.tensors.add("counter", array::of(std::vector<std::int64_t>{std::int64_t(1) << 40}, {}));
  c.tensors.add("i32", array::of(std::vector<std::int32_t>{-3}, {1}));
  c.tensors.add("i16", array::of(std::vector<std::int16_t>{-3}, {1}));
  c.tensors.add("i8", array::of(std::vector<std::int8_t>{-3}, {1}));
  c.tensors.add("u8", array::of(std::vector<std::uint8_t>{200}, {1}));
  c.tensors.add("flag", array{element::boolean, {2}, {std::byte(1), std::byte(0)}});
  c.tensors.add("none", array::of(std::vector<float>{}, {0, 300}));
  return c;
}

bool torch_loads(const std::string& python) {
  return std::system(("python3 -c '" + python + "' 2>/dev/null || /usr/bin/python3 -c '" + python + "'").c_str()) == 0;
}

boost::test_tools::assertion_result has_torch(boost::unit_test::test_unit_id) {
  if (torch_loads("import torch")) return true;
  std::cout << "this case is left out: no python3 with torch" << std::endl;
  return false;
}

BOOST_AUTO_TEST_SUITE(pth_writer)

BOOST_AUTO_TEST_CASE(round_trip) {
  scratch_folder folder;
  const auto written = example();
  write_pth(folder / "x.pth", written);
  BOOST_CHECK_EQUAL(folder.files(), 1u);
  const auto read = read_checkpoint(folder / "x.pth");
  BOOST_CHECK(read.metadata == written.metadata);
  BOOST_REQUIRE_EQUAL(read.tensors.size(), written.tensors.size());
  auto expected = written.tensors.begin();
  for (const auto& entry : read.tensors) BOOST_CHECK(entry == *expected++);
}

BOOST_AUTO_TEST_CASE(the_same_bytes_every_time) {
  scratch_folder folder;
  write_pth(folder / "x", example());
  write_pth(folder / "y", example());
  BOOST_CHECK(slurp(folder / "x") == slurp(folder / "y"));
}

BOOST_AUTO_TEST_CASE(an_unwritable_place_is_an_error) {
  scratch_folder folder;
  check_error([&] { write_pth(folder / "no/x.pth", example()); }, "cannot write");
}

BOOST_AUTO_TEST_CASE(torch_reads_it, *boost::unit_test::precondition(has_torch)) {
  scratch_folder folder;
  write_pth(folder / "x.pth", example());
  const auto path = (folder / "x.pth").string();
  BOOST_CHECK(torch_loads("import torch; d = torch.load(\"" + path +
                          "\"); "
                          "assert list(d)[0] == \"z.weight\" and len(d) == 11; "
                          "assert d[\"z.weight\"].tolist() == [[[1], [2], [3]], [[4], [5], [6]]]; "
                          "assert d[\"a.bf16\"].dtype == torch.bfloat16 and d[\"a.bf16\"].tolist() == [1, -2, 0.5]; "
                          "assert d[\"a.fp16\"].dtype == torch.float16 and d[\"a.fp64\"].dtype == torch.float64; "
                          "assert d[\"counter\"].item() == 2 ** 40 and d[\"counter\"].shape == (); "
                          "assert [d[k].item() for k in (\"i32\", \"i16\", \"i8\", \"u8\")] == [-3, -3, -3, 200]; "
                          "assert d[\"flag\"].tolist() == [True, False] and d[\"none\"].shape == (0, 300)"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace pth_writer_suite
