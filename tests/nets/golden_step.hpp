// A training step's numbers in $VISEME_GOLDEN, and how ours are held against them.
#pragma once

#include <tests/nets/golden_run.hpp>

namespace viseme::tests {

inline constexpr double nothing = 1e-10;  // a gradient of a smaller true norm is zero

struct step_check {
  std::string file;
  bool exact;
  std::map<std::string, io::array> truth;
  std::vector<std::string> names;

  step_check(std::string f, bool e) : file(std::move(f)), exact(e), truth(io::read_npz(golden() / (file + ".npz"))), names(io::read_npz_strings(golden() / (file + ".npz"), "names")) {}

  std::vector<double> at(const std::string& key) const { return truth.at(key).to_double(); }
  void close(const std::string& key, const std::vector<float>& have) const {
    const auto want = at(key);
    if (want.size() == 1) BOOST_TEST(std::abs(have[0] - want[0]) <= (exact ? 1e-6 : 1e-5) * std::abs(want[0]), file << "/" << key << ": " << have[0] << " for " << want[0]);
    else check_close(file + "/" + key, compare(have, want), tolerance_of(key));
  }

  /// In float a gradient jumps where rounding moves an activation across zero, so that PyTorch's own error differs a thousandfold between
  /// two arrays of one file: a gradient is allowed twice that, or what a few such jumps make. Single layers are held to 1e-4 elsewhere.
  tolerance tolerance_of(const std::string& key) const {
    auto t = allowed(exact ? dtype::fp64 : dtype::fp32, golden(), file, key);
    if (!exact && key.starts_with("grad/")) t = {std::max(t.max, 0.05), std::max(t.l2, 0.02)};
    if (!exact && key.starts_with("after/")) t.max = std::max(t.max, 5e-7);  // four roundings of the largest running mean
    return t;
  }

  void gradients(const training_net& net) const {
    std::vector<float> all(trainable_size(net.parameters()));
    net.read_gradients(all);
    gradients(net.parameters(), all);
  }
  void gradients(const std::vector<parameter_entry>& parameters, const std::vector<float>& all) const {
    const auto norms = at("grad_norms");
    const double largest = *std::max_element(norms.begin(), norms.end());
    std::vector<float> have_norms(norms.begin(), norms.end());
    for (const auto& e : parameters) {
      if (!e.trainable) continue;
      const auto place = std::find(names.begin(), names.end(), e.name);
      BOOST_REQUIRE_MESSAGE(place != names.end(), e.name << " is no parameter of the reference");
      const double want = norms[std::size_t(place - names.begin())];
      const std::vector<float> have(all.begin() + std::ptrdiff_t(e.offset), all.begin() + std::ptrdiff_t(e.offset + e.count));
      double square = 0;
      for (float g : have) square += double(g) * g;
      const double norm = std::sqrt(square);
      if (want < nothing) BOOST_TEST(norm <= (exact ? nothing : 1e-5 * largest), e.name << ": gradient " << norm << " is not zero");
      else have_norms[std::size_t(place - names.begin())] = float(norm);
      if (truth.count("grad/" + e.name) && want >= nothing) close("grad/" + e.name, have);
    }
    close("grad_norms", have_norms);
  }

  void after(const training_net& net) const {
    std::vector<float> block(block_size(net.parameters()));
    net.read_parameters(block);
    after(net.parameters(), block);
  }
  void after(const std::vector<parameter_entry>& parameters, const std::vector<float>& block) const {
    const auto norms = at("grad_norms");
    for (const auto& e : parameters) {
      if (!truth.count("after/" + e.name)) continue;
      const auto place = std::find(names.begin(), names.end(), e.name);
      // Adam's first step is +-lr however small the gradient: in float the sign of a tiny one is chance, so only double is compared.
      if (e.trainable && (!exact || norms[std::size_t(place - names.begin())] < nothing)) continue;
      close("after/" + e.name, {block.begin() + std::ptrdiff_t(e.offset), block.begin() + std::ptrdiff_t(e.offset + e.count)});
    }
  }
};

}  // namespace viseme::tests
