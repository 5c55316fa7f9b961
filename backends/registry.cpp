// What run/runner.hpp says of nets by their names: parameters, blocks, first values.
#include <algorithm>

#include <viseme/core/error.hpp>
#include <viseme/run/fold_branches.hpp>
#include <viseme/run/init.hpp>
#include <viseme/run/runner.hpp>
#include <viseme/run/with_net.hpp>

namespace viseme {

dtype parse_dtype(const std::string& s) {
  for (auto d : {dtype::fp64, dtype::fp32, dtype::bf16, dtype::fp16, dtype::int8})
    if (s == text(d)) return d;
  unknown_name("dtype", s, "fp32, bf16, fp16, int8");
}

std::string text(dtype d) {
  constexpr const char* names[] = {"fp64", "fp32", "bf16", "fp16", "int8"};
  return names[int(d)];
}

std::vector<parameter_entry> net_parameters(const net_spec& spec) {
  return with_net<folded>(spec, [](auto n) { return graph::parameters<typename decltype(n)::type>(); });
}

std::vector<parameter_entry> checkpoint_parameters(const net_spec& spec) {
  auto entries = with_net<branches>(spec, [](auto n) { return graph::parameters<typename decltype(n)::type>(); });
  if (spec.net == "pfld") {
    const auto unused = [&](const char* name, std::vector<std::int64_t> sizes) {
      std::size_t count = 1;
      for (auto s : sizes) count *= std::size_t(s);
      entries.push_back({name, std::move(sizes), false, false, block_size(entries), count, -1, 0});
    };
    unused("localization.0.weight", {8, 1, 7, 7});
    unused("localization.0.bias", {8});
    unused("localization.3.weight", {10, 8, 5, 5});
    unused("localization.3.bias", {10});
  }
  return entries;
}

std::vector<float> net_block(const net_spec& spec, std::vector<float> block) {
  if (spec.net != "pfld") return block;
  const auto from = checkpoint_parameters(spec);
  require(block.size() == block_size(from), "weights", "the block has another size than the net's checkpoint", "load it by the net's table");
  return branch_folding(from, block)(net_parameters(spec));
}

std::vector<float> initial_block(const net_spec& spec, std::uint64_t seed) { return initial_values(net_parameters(spec), seed); }

}  // namespace viseme
