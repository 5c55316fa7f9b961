#include <viseme/io/pth.hpp>

#include <boost/test/unit_test.hpp>
#include <viseme/io/checkpoint.hpp>
#include <viseme/io/pth_writer.hpp>

#include "files.hpp"

namespace pth_suite {

using namespace viseme::tests;
using namespace viseme::io;
using namespace std::string_literals;

/// Pickles by hand, as torch.save writes them.
struct code {
  detail::pickle_writer out;

  code& raw(std::string_view s) { return out.raw(s), *this; }
  code& text(std::string_view s) { return out.text(s), *this; }
  code& integer(std::int64_t n) { return out.integer(n), *this; }
  /// A tensor of a storage of `count` floats named `key`.
  code& tensor(const std::string& key, std::int64_t count, std::int64_t offset, std::vector<std::int64_t> sizes,
               std::vector<std::int64_t> strides, const std::string& type = "FloatStorage") {
    out.global("torch._utils", "_rebuild_tensor_v2").raw("((").text("storage").global("torch", type).text(key).text("cpu").integer(count);
    out.raw("tQ").integer(offset).tuple(sizes).tuple(strides).raw("\x89").global("collections", "OrderedDict").raw(")RtR");
    return *this;
  }
  std::string done() { return out.raw(".").code(); }
};

/// {"a": tensor}
std::string one_tensor(std::int64_t count, std::int64_t offset, std::vector<std::int64_t> sizes, std::vector<std::int64_t> strides) {
  return code().raw("}").text("a").tensor("0", count, offset, sizes, strides).raw("s").done();
}

std::string floats(std::vector<float> values) { return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}; }

checkpoint read_zip(const std::string& pickle, zip_members more = {}) {
  scratch_folder folder;
  more.insert(more.begin(), {"x/data.pkl", pickle});
  write_zip(folder / "x.pth", more);
  return read_checkpoint(folder / "x.pth");
}

std::string legacy(const std::string& pickle, const std::vector<std::string>& keys, const std::vector<std::vector<float>>& storages,
                   bool little = true) {
  auto bytes = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s + "\x80\x02M\xe9\x03."s;
  bytes += code().raw("}").text("little_endian").raw(little ? "\x88" : "\x89").raw("s").done() + pickle;
  code list;
  list.raw("]");
  for (const auto& key : keys) list.text(key).raw("a");
  bytes += list.done();
  for (const auto& s : storages) {
    const std::uint64_t count = s.size();
    bytes += std::string(reinterpret_cast<const char*>(&count), 8) + floats(s);
  }
  return bytes;
}

const std::vector<float> six = {0, 1, 2, 3, 4, 5};

BOOST_AUTO_TEST_SUITE(pth)

BOOST_AUTO_TEST_CASE(a_transposed_tensor_is_read_row_major) {
  const auto c = read_zip(one_tensor(6, 0, {3, 2}, {1, 3}), {{"x/data/0", floats(six)}});
  BOOST_CHECK((c.tensors.at("a").to_float() == std::vector<float>{0, 3, 1, 4, 2, 5}));
}

BOOST_AUTO_TEST_CASE(offsets_steps_and_repeats) {
  BOOST_CHECK((read_zip(one_tensor(6, 1, {2}, {3}), {{"x/data/0", floats(six)}}).tensors.at("a").to_float() == std::vector<float>{1, 4}));
  BOOST_CHECK((read_zip(one_tensor(6, 5, {2, 2}, {0, 0}), {{"x/data/0", floats(six)}}).tensors.at("a").to_float() ==
               std::vector<float>{5, 5, 5, 5}));
  BOOST_CHECK((read_zip(one_tensor(6, 2, {}, {}), {{"x/data/0", floats(six)}}).tensors.at("a").to_float() == std::vector<float>{2}));
  BOOST_CHECK_EQUAL(read_zip(one_tensor(6, 0, {0, 4}, {4, 1}), {{"x/data/0", floats(six)}}).tensors.at("a").count(), 0u);
}

BOOST_AUTO_TEST_CASE(tensors_may_share_a_storage) {
  const auto pickle = code().raw("}(").text("a").tensor("0", 6, 0, {3}, {1}).text("b").tensor("0", 6, 3, {3}, {1}).raw("u").done();
  const auto c = read_zip(pickle, {{"x/data/0", floats(six)}});
  BOOST_CHECK((c.tensors.at("a").to_float() == std::vector<float>{0, 1, 2}));
  BOOST_CHECK((c.tensors.at("b").to_float() == std::vector<float>{3, 4, 5}));
}

BOOST_AUTO_TEST_CASE(tensors_must_lie_inside_their_storage) {
  const zip_members data = {{"x/data/0", floats(six)}};
  constexpr auto huge = std::int64_t(1) << 62;
  check_error([&] { read_zip(one_tensor(6, 0, {7}, {1}), data); }, "reaches past its storage");
  check_error([&] { read_zip(one_tensor(6, 6, {1}, {1}), data); }, "reaches past its storage");
  check_error([&] { read_zip(one_tensor(6, 0, {2, 2}, {5, 1}), data); }, "reaches past its storage");
  check_error([&] { read_zip(one_tensor(7, 0, {7}, {1}), data); }, "too short");
  check_error([&] { read_zip(one_tensor(6, 0, {huge, huge}, {0, 0}), data); }, "damaged");
  check_error([&] { read_zip(one_tensor(6, 0, {3, 2}, {huge, 1}), data); }, "reaches past its storage");
  check_error([&] { read_zip(one_tensor(6, huge, {2, 2}, {huge, huge}), data); }, "reaches past its storage");
  check_error([&] { read_zip(one_tensor(6, 0, {9, 2}, {huge, 1}), data); }, "damaged");
  check_error([&] { read_zip(one_tensor(6, -1, {2}, {1}), data); }, "damaged");
  check_error([&] { read_zip(one_tensor(6, 0, {-2}, {1}), data); }, "damaged");
  check_error([&] { read_zip(one_tensor(6, 0, {2}, {-1}), data); }, "damaged");
  check_error([&] { read_zip(one_tensor(6, 0, {2, 1}, {1}), data); }, "damaged");
  check_error([&] { read_zip(one_tensor(huge, 0, {2}, {1}), data); }, "damaged");
}

BOOST_AUTO_TEST_CASE(a_repeated_element_cannot_fill_the_memory) {
  check_error([&] { read_zip(one_tensor(6, 0, {1 << 20, 1 << 20}, {0, 0}), {{"x/data/0", floats(six)}}); }, "far more memory");
}

BOOST_AUTO_TEST_CASE(code_is_never_run) {
  const auto system =
      "\x80\x02"
      "cos\nsystem\n"s +
      code().text("touch owned").raw("\x85R.").done().substr(2);
  check_error([&] { read_zip(system); }, "os.system");
  check_error(
      [&] {
        read_zip(
            "\x80\x02"
            "cbuiltins\neval\n."s);
      },
      "builtins.eval");
  check_error(
      [&] {
        read_zip(
            "\x80\x02"
            "c__main__\nNet\n)\x81."s);
      },
      "convert it to safetensors");
  check_error([&] { read_zip("\x80\x04\x8c\x02os\x8c\x06system\x93."s); }, "os.system");
  check_error(
      [&] {
        read_zip(
            "\x80\x02"
            "c\x1b[31m\nevil\n."s);
      },
      "?[31m.evil");
  check_error([&] { read_zip("\x80\x02}cos\nsystem\nb."s); }, "os.system");
  check_error([&] { read_zip("\x80\x02(S'ls'\nios\nsystem\n."s); }, "instruction");
  check_error(
      [&] {
        read_zip(
            "\x80\x02"
            "ctorch\nFloatStorage\n)R."s);
      },
      "torch.FloatStorage");
}

BOOST_AUTO_TEST_CASE(damaged_pickles) {
  for (const auto& bad : {""s,
                          "."s,
                          "\x80\x02"s,
                          "\x80\x02."s,
                          "\x80\x09N."s,
                          "\x80\x02t."s,
                          "\x80\x02u."s,
                          "\x80\x02Ns."s,
                          "\x80\x02NNNs."s,
                          "\x80\x02}(Nu."s,
                          "\x80\x02h\x07."s,
                          "\x80\x02}R."s,
                          "\x80\x02)Q."s,
                          "\x80\x02q\x01."s,
                          "\x80\x02X\xff\xff\xff\xff."s,
                          "\x80\x02\x8a\xff."s,
                          "\x80\x02]Na."s,
                          "\x80\x02N\x85\x86."s,
                          "\x80\x02(N)e."s,
                          "\x80\x02Nb."s,
                          "\x80\x02}(b."s,
                          "\x80\x02"s + std::string(5000, '(') + "."})
    BOOST_CHECK_THROW(read_zip(bad), viseme::error);
}

BOOST_AUTO_TEST_CASE(a_dict_that_holds_itself_ends) {
  check_error(
      [&] {
        read_zip(
            "\x80\x02}q\x00X\x01\x00\x00\x00"
            "ah\x00s."s);
      },
      "no dict of tensors");
}

BOOST_AUTO_TEST_CASE(dicts_within_dicts_are_visited_once) {
  auto pickle =
      "\x80\x02}q\x00(X\x01\x00\x00\x00"
      "ah\x00"s;
  for (int i = 0; i < 100000; ++i) pickle += "Nh\x00"s;
  check_error([&] { read_zip(pickle + "u."); }, "no dict of tensors");
}

BOOST_AUTO_TEST_CASE(a_name_twice_is_an_error) {
  const auto pickle = code().raw("}(").text("a").tensor("0", 6, 0, {3}, {1}).text("a").tensor("0", 6, 3, {3}, {1}).raw("u").done();
  check_error([&] { read_zip(pickle, {{"x/data/0", floats(six)}}); }, "twice");
}

BOOST_AUTO_TEST_CASE(the_state_dict_is_found_by_its_usual_keys) {
  for (const auto* key : {"state_dict", "model", "model_state_dict", "pfld_backbone", "anything"}) {
    auto pickle = code().raw("}(").text("epoch").integer(7).text("best_loss").raw("G\x3f\xe0" + std::string(6, '\0')).text(key).raw("}");
    pickle.text("w").tensor("0", 6, 0, {6}, {1}).raw("su");
    const auto c = read_zip(pickle.done(), {{"x/data/0", floats(six)}});
    BOOST_CHECK((c.tensors.at("w").to_float() == six));
    BOOST_CHECK_EQUAL(c.metadata.at("epoch"), "7");
    BOOST_CHECK_EQUAL(c.metadata.at("best_loss"), "0.5");
  }
}

BOOST_AUTO_TEST_CASE(a_loss_beside_the_state_dict_is_not_taken_for_it) {
  auto pickle =
      code().raw("}(").text("loss").tensor("0", 6, 0, {}, {}).text("model").raw("}").text("w").tensor("0", 6, 0, {6}, {1}).raw("su");
  const auto c = read_zip(pickle.done(), {{"x/data/0", floats(six)}});
  BOOST_CHECK_EQUAL(c.tensors.size(), 1u);
  BOOST_CHECK(c.tensors.contains("w"));
}

BOOST_AUTO_TEST_CASE(two_unnamed_dicts_of_tensors_are_an_error) {
  auto pickle = code().raw("}(");
  for (const auto* key : {"g", "d"}) pickle.text(key).raw("}").text("w").tensor("0", 6, 0, {6}, {1}).raw("s");
  check_error([&] { read_zip(pickle.raw("u").done(), {{"x/data/0", floats(six)}}); }, "several dicts");
}

BOOST_AUTO_TEST_CASE(zip_bombs_and_odd_archives) {
  scratch_folder folder;
  write_zip(folder / "bomb", {{"x/data.pkl", one_tensor(6, 0, {6}, {1})}, {"x/data/0", std::string(200 << 20, '\0')}}, true);
  check_error([&] { read_checkpoint(folder / "bomb"); }, "far more than its size");
  write_zip(folder / "deflated", {{"x/data.pkl", one_tensor(6, 0, {6}, {1})}, {"x/data/0", floats(six)}}, true);
  BOOST_CHECK((read_checkpoint(folder / "deflated").tensors.at("a").to_float() == six));
  write_zip(folder / "other", {{"readme.txt", "hello"}});
  check_error([&] { read_checkpoint(folder / "other"); }, "not written by torch.save");
  write_zip(folder / "big", {{"x/data.pkl", one_tensor(6, 0, {6}, {1})}, {"x/byteorder", "big"}, {"x/data/0", floats(six)}});
  check_error([&] { read_checkpoint(folder / "big"); }, "big-endian");
  check_error([&] { read_zip(one_tensor(6, 0, {6}, {1})); }, "lacks the member 'x/data/0'");
}

BOOST_AUTO_TEST_CASE(a_wrong_checksum_is_noticed) {
  scratch_folder folder;
  write_zip(folder / "x", {{"x/data.pkl", one_tensor(6, 0, {6}, {1})}, {"x/data/0", floats({42, 42, 42, 42, 42, 42})}});
  auto bytes = slurp(folder / "x");
  bytes[bytes.find(floats({42}))] ^= 1;
  spill(folder / "x", bytes);
  check_error([&] { read_checkpoint(folder / "x"); }, "CRC");
}

BOOST_AUTO_TEST_CASE(truncated_and_flipped_zips) {
  scratch_folder folder;
  write_zip(folder / "x", {{"x/data.pkl", one_tensor(6, 0, {3, 2}, {1, 3})}, {"x/data/0", floats(six)}});
  const auto read = [](auto path) { read_checkpoint(path); };
  check_truncations(folder / "x", read);
  check_bit_flips(folder / "x", read, 1000);
}

BOOST_AUTO_TEST_CASE(flipped_bits_of_a_pickle) {
  const auto whole = one_tensor(6, 0, {3, 2}, {1, 3});
  for (std::size_t i = 0; i < whole.size() * 8; ++i) {
    auto bad = whole;
    bad[i / 8] = char(bad[i / 8] ^ 1 << i % 8);
    try {
      read_zip(bad, {{"x/data/0", floats(six)}});
    } catch (const viseme::error&) {
    }
  }
}

BOOST_AUTO_TEST_CASE(the_older_format) {
  scratch_folder folder;
  const auto pickle = code().raw("}(").text("a").tensor("k1", 6, 0, {3, 2}, {1, 3}).text("b").tensor("k2", 2, 1, {1}, {1}).raw("u").done();
  spill(folder / "x", legacy(pickle, {"k2", "k1"}, {{7, 8}, six}));
  const auto c = read_checkpoint(folder / "x");
  BOOST_CHECK((c.tensors.at("a").to_float() == std::vector<float>{0, 3, 1, 4, 2, 5}));
  BOOST_CHECK((c.tensors.at("b").to_float() == std::vector<float>{8}));
  const auto read = [](auto path) { read_checkpoint(path); };
  check_truncations(folder / "x", read);
  check_bit_flips(folder / "x", read, 1000);
}

BOOST_AUTO_TEST_CASE(hostile_files_of_the_older_format) {
  scratch_folder folder;
  const auto pickle = one_tensor(6, 0, {6}, {1});
  const auto refused = [&](const std::string& bytes, const std::string& reason) {
    spill(folder / "x", bytes);
    check_error([&] { read_checkpoint(folder / "x"); }, reason);
  };
  refused(legacy(pickle, {"0"}, {six}, false), "big-endian");
  refused(legacy(pickle, {}, {}), "too short");
  refused(legacy(pickle, {"0"}, {{1, 2}}), "too short");
  refused(legacy(pickle, {"0", "0"}, {six, six}), "list of storages");
  refused(legacy(pickle, {"unknown"}, {six}), "list of storages");
  auto long_storage = legacy(pickle, {"0"}, {six});
  long_storage[long_storage.size() - 32 + 7] = 0x7f;
  refused(long_storage, "truncated");
  refused(legacy("\x80\x02"
                 "cposix\nsystem\n."s,
                 {}, {}),
          "posix.system");
}

BOOST_AUTO_TEST_CASE(content_decides_the_format_and_names_known_mistakes) {
  scratch_folder folder;
  const auto refused = [&](const std::string& bytes, const std::string& reason) {
    spill(folder / "x.pth", bytes);
    check_error([&] { read_checkpoint(folder / "x.pth"); }, reason);
  };
  refused("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer");
  refused("<!DOCTYPE html>", "web page");
  refused("", "no .pth file");
  refused(std::string(100, 'x'), "no .pth file");
  check_error([&] { read_checkpoint(folder / "missing"); }, "no such file");
  checkpoint c;
  c.tensors.add("a", array::of(six, {6}));
  write_safetensors(folder / "x.pth", c);
  BOOST_CHECK(read_checkpoint(folder / "x.pth").tensors.at("a") == c.tensors.at("a"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace pth_suite
