#include <viseme/io/npy.hpp>

#include <boost/test/unit_test.hpp>

#include "files.hpp"

namespace numpy_suite {

using namespace viseme::tests;
using namespace viseme::io;
using namespace std::string_literals;

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string npy(const std::string& header, const std::string& data, int version = 1) {
  std::string length;
  for (std::size_t i = 0, n = header.size(); i < (version == 1 ? 2u : 4u); ++i, n >>= 8) length += char(n & 0xff);
  return "\x93NUMPY"s + char(version) + '\0' + length + header + data;
}

std::string header_of(const std::string& type, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

array read(const std::string& bytes) {
  scratch_folder folder;
  spill(folder / "x.npy", bytes);
  return read_npy(folder / "x.npy");
}

void check_refused(const std::string& header, std::size_t data, const std::string& reason) {
  check_error([&] { read(npy(header, std::string(data, '\0'))); }, reason);
}

const std::vector<float> six = {0, 1, 2, 3, 4, 5};

BOOST_AUTO_TEST_SUITE(numpy)

BOOST_AUTO_TEST_CASE(versions_one_to_three) {
  for (const int version : {1, 2, 3}) {
    const auto a = read(npy(header_of("<f4", "(2, 3)"), bytes_of(six), version));
    BOOST_CHECK((a.sizes == std::vector<std::int64_t>{2, 3}));
    BOOST_CHECK((a.to_float() == six));
  }
  check_error([&] { read(npy(header_of("<f4", "(2, 3)"), bytes_of(six), 4)); }, "version");
}

BOOST_AUTO_TEST_CASE(fortran_order_becomes_row_major) {
  BOOST_CHECK((read(npy(header_of("<f4", "(2, 3)", "True"), bytes_of(six))).to_float() == std::vector<float>{0, 2, 4, 1, 3, 5}));
  std::vector<float> cube(24), expected;
  for (std::size_t i = 0; i < cube.size(); ++i) cube[i] = float(i);
  for (int a = 0; a < 2; ++a)
    for (int b = 0; b < 3; ++b)
      for (int c = 0; c < 4; ++c) expected.push_back(float(a + 2 * (b + 3 * c)));
  BOOST_CHECK(read(npy(header_of("<f4", "(2, 3, 4)", "True"), bytes_of(cube))).to_float() == expected);
}

BOOST_AUTO_TEST_CASE(element_types) {
  BOOST_CHECK((read(npy(header_of("<f8", "(1,)"), bytes_of(std::vector<double>{1.5}))).to_double() == std::vector<double>{1.5}));
  BOOST_CHECK((read(npy(header_of("<f2", "(1,)"), "\x00\x3e"s)).to_float() == std::vector<float>{1.5f}));
  BOOST_CHECK((read(npy(header_of("<i8", "()"), bytes_of(std::vector<std::int64_t>{-7}))).to_float() == std::vector<float>{-7}));
  BOOST_CHECK((read(npy(header_of("<i4", "(1,)"), bytes_of(std::vector<std::int32_t>{-7}))).to_float() == std::vector<float>{-7}));
  BOOST_CHECK((read(npy(header_of("<i2", "(1,)"), "\xf9\xff")).to_float() == std::vector<float>{-7}));
  BOOST_CHECK((read(npy(header_of("|i1", "(1,)"), "\xf9")).to_float() == std::vector<float>{-7}));
  BOOST_CHECK((read(npy(header_of("|u1", "(1,)"), "\xf9")).to_float() == std::vector<float>{249}));
  BOOST_CHECK((read(npy(header_of("|b1", "(2,)"), "\x01\x00"s)).to_float() == std::vector<float>{1, 0}));
}

BOOST_AUTO_TEST_CASE(spelling_of_the_header_is_free) {
  const auto a = read(npy("  {\"shape\":(6,),'fortran_order':False , 'descr' : \"<f4\"}   \n", bytes_of(six)));
  BOOST_CHECK(a.to_float() == six);
}

BOOST_AUTO_TEST_CASE(hostile_headers) {
  check_refused(header_of("<f4", "(2, 3)"), 23, "do not match its shape");
  check_refused(header_of("<f4", "(2, 3)"), 25, "do not match its shape");
  check_refused(header_of("<f4", "(4611686018427387904, 4)"), 0, "do not match its shape");
  check_refused(header_of("<f4", "(99999999999999999999,)"), 0, "damaged");
  check_refused(header_of("<f4", "(-1,)"), 0, "damaged");
  check_refused(header_of("<f4", "(1, 2"), 0, "damaged");
  check_refused(header_of(
                    "<f4", "(" +
                               [] {
                                 std::string s;
                                 for (int i = 0; i < 40; ++i) s += "1,";
                                 return s;
                               }() +
                               ")"),
                4, "damaged");
  check_refused(header_of("<f4", "2"), 8, "damaged");
  check_refused(header_of("|O", "(1,)"), 8, "Python objects");
  check_refused(header_of(">f4", "(1,)"), 4, "big-endian");
  check_refused(header_of("<c8", "(1,)"), 8, "not supported");
  check_refused(header_of("<f4", "(1,)", "Maybe"), 4, "damaged");
  check_refused("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4, "records");
  check_refused("{'descr': '<f4', 'shape': (1,), }", 4, "damaged");
  check_refused("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 4, "damaged");
  check_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", 4, "damaged");
  check_refused(header_of("<f4", "(1,)") + "x", 4, "damaged");
  check_refused("", 4, "damaged");
  check_error([&] { read("\x93NUMPY\x02\x00\xff\xff\xff\xff"s); }, "larger than 1 MiB");
  check_error([&] { read("not an array at all"); }, "no .npy array");
}

BOOST_AUTO_TEST_CASE(truncated_and_flipped_files) {
  scratch_folder folder;
  write_npy(folder / "x", array::of(six, {3, 2}));
  const auto read_it = [](auto path) { read_npy(path); };
  check_truncations(folder / "x", read_it);
  check_bit_flips(folder / "x", read_it, 1000);
}

BOOST_AUTO_TEST_CASE(written_arrays_come_back) {
  scratch_folder folder;
  for (const auto& a :
       {array::of(six, {6}), array::of(six, {2, 3}), array::of(std::vector<float>{1}, {}), array::of(std::vector<double>{}, {0, 3}),
        array::of(std::vector<std::int64_t>{1, -2}, {1, 2, 1}), array::of(six, {6}).converted(element::f16)}) {
    write_npy(folder / "x.npy", a);
    BOOST_CHECK(read_npy(folder / "x.npy") == a);
    const auto bytes = slurp(folder / "x.npy");
    BOOST_CHECK_EQUAL(bytes.find('\n') % 64, 63u);
  }
  write_npy(folder / "b.npy", array::of(six, {6}).converted(element::bf16));
  BOOST_CHECK(read_npy(folder / "b.npy") == array::of(six, {6}));
}

BOOST_AUTO_TEST_CASE(archives) {
  scratch_folder folder;
  const auto words = "a\0\0\0b\0\0\0\xe9\0\0\0\0\0\0\0"s;
  write_zip(folder / "x.npz",
            {{"one.npy", npy(header_of("<f4", "(6,)"), bytes_of(six))},
             {"grad/two.npy", npy(header_of("<i8", "()"), bytes_of(std::vector<std::int64_t>{4}))},
             {"names.npy", npy(header_of("<U2", "(2,)"), words)}},
            true);
  const auto arrays = read_npz(folder / "x.npz");
  BOOST_CHECK_EQUAL(arrays.size(), 2u);
  BOOST_CHECK(arrays.at("one").to_float() == six);
  BOOST_CHECK_EQUAL(arrays.at("grad/two").to_float()[0], 4);
  BOOST_CHECK((read_npz_strings(folder / "x.npz", "names") == std::vector<std::string>{"ab", "\xc3\xa9"}));
  check_error([&] { read_npz_strings(folder / "x.npz", "one"); }, "no text");
  check_error([&] { read_npz_strings(folder / "x.npz", "nothing"); }, "lacks the member");
  check_truncations(folder / "x.npz", [](auto path) { read_npz(path); });
}

BOOST_AUTO_TEST_CASE(damaged_members_name_the_archive_and_the_member) {
  scratch_folder folder;
  write_zip(folder / "x.npz", {{"bad.npy", npy(header_of("<f4", "(7,)"), bytes_of(six))}});
  check_error([&] { read_npz(folder / "x.npz"); }, "x.npz:bad.npy");
  write_zip(folder / "y.npz", {{"readme.txt", "hello"}});
  check_error([&] { read_npz(folder / "y.npz"); }, "readme.txt");
  write_zip(folder / "z.npz", {{"n.npy", npy(header_of("<U1", "(1,)"), "\xff\xff\xff\xff")}});
  check_error([&] { read_npz_strings(folder / "z.npz", "n"); }, "text is damaged");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace numpy_suite
