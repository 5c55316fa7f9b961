// viseme-infer: runs one net, or a part of it, on arrays from files.
#include "options.hpp"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <viseme/io/net_weights.hpp>
#include <viseme/io/npy.hpp>

namespace {

using namespace viseme;
namespace po = boost::program_options;

struct named_file {
  std::string name, path;
};

std::vector<named_file> pairs(const po::variables_map& given, const char* option) {
  std::vector<named_file> result;
  for (const auto& word : given[option].as<std::vector<std::string>>()) {
    const auto at = word.find('=');
    if (at == word.npos || at == 0 || at + 1 == word.size()) throw tools::usage_error("--" + std::string(option) + " " + word + " is not NAME=FILE.npy");
    result.push_back({word.substr(0, at), word.substr(at + 1)});
    const auto same = [&](const named_file& f) { return f.name == result.back().name; };
    if (std::ranges::count_if(result, same) > 1) throw tools::usage_error("--" + std::string(option) + " names " + result.back().name + " twice");
  }
  return result;
}

std::optional<std::string> if_given(const po::variables_map& given, const char* name) {
  return given.count(name) ? std::optional(given[name].as<std::string>()) : std::nullopt;
}

std::vector<std::int64_t> sizes_of(shape s) { return {s.n, s.c, s.h, s.w}; }

int run(const po::variables_map& given) {
  const auto net = if_given(given, "net").value_or("");
  if (net.empty()) throw tools::usage_error("name a net: unet, syncnet, audio_encoder, pfld or vgg19");
  const auto known = {"unet", "syncnet", "audio_encoder", "pfld", "vgg19"};
  if (std::ranges::find(known, net) == known.end()) throw tools::usage_error("there is no net '" + net + "'");
  const auto inputs = pairs(given, "input"), outputs = pairs(given, "output");
  std::vector<io::array> arrays;
  for (const auto& f : inputs) {
    arrays.push_back(io::read_npy(f.path));
    const auto& sizes = arrays.back().sizes;
    require(sizes.size() == 4 && io::is_floating(arrays.back().type), "'" + f.path + "'", "it holds " + std::string(io::name_of(arrays.back().type)) + " " + io::text(sizes),
            "give floating numbers of four sizes (N, C, H, W)");
    for (const auto n : sizes) require(n >= 1 && n <= 1 << 20, "'" + f.path + "'", "its sizes are " + io::text(sizes), "give sizes of 1 or more");
  }
  const auto weights = io::load_net(given["weights"].as<std::string>(), net, if_given(given, "features"), if_given(given, "width"));
  const auto on = open_device(given["backend"].as<std::string>(), parse_dtype(given["dtype"].as<std::string>()), given["threads"].as<int>());
  const auto model = on->prepare(weights.spec, weights.block);

  session_options options{.batch = int(arrays.front().sizes[0]), .image = {0, 0}, .cut = {}};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    options.cut.from.push_back(inputs[i].name);
    if (inputs[i].name == "image" || inputs[i].name == "face" || inputs[i].name == "mel") options.image = {int(arrays[i].sizes[2]), int(arrays[i].sizes[3])};
  }
  for (const auto& f : outputs) options.cut.to.push_back(f.name);
  const auto session = model->make_session(options);
  for (const auto& wanted : session->inputs()) {
    const auto i = std::size_t(std::ranges::find(inputs, wanted.name, &named_file::name) - inputs.begin());
    require(i < inputs.size(), "input " + wanted.name, "it is needed and not given", "add --input " + wanted.name + "=FILE.npy");
    require(arrays[i].sizes == sizes_of(wanted.size), "'" + inputs[i].path + "'", "it is " + io::text(arrays[i].sizes) + ", input " + wanted.name + " takes " + text(wanted.size),
            "give an array of that shape");
    session->write(wanted.name, arrays[i].to_float());
  }
  session->run();
  nlohmann::ordered_json written;
  for (const auto& f : outputs) {
    const auto values = session->outputs();
    const auto found = std::ranges::find(values, f.name, &value_info::name);
    require(found != values.end(), "output " + f.name, "the net has no such step", "use a name listed for the net");
    std::vector<float> numbers(found->size.count());
    session->read(f.name, numbers);
    io::write_npy(f.path, io::array::of(numbers, sizes_of(found->size)));
    written[f.name] = sizes_of(found->size);
  }
  if (given.count("json"))
    std::cout << nlohmann::ordered_json{{"net", net}, {"device", on->describe()}, {"outputs", written}}.dump() << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  tools::program program{.name = "viseme-infer",
                         .summary = "Runs one net on arrays: for comparing, embedding, debugging.",
                         .usage = "NET --weights FILE --input NAME=X.npy ... --output NAME=Y.npy ...",
                         .example = "viseme-infer unet --weights 99.pth --features ave --input image=i.npy --input audio=a.npy --output output=o.npy"};
  auto add = program.options.add_options();
  const auto word = [](const char* name) { return po::value<std::string>()->value_name(name); };
  add("net", word("NET"),
      "unet (image, audio -> output, inc, down5, audio_model, fuse_conv, up1...), syncnet (face, audio -> audio, face), audio_encoder (mel -> output), "
      "pfld (face -> output), vgg19 (face -> output)");
  add("weights", word("FILE")->required(), ".safetensors, .pth or .pth.tar");
  add("input", po::value<std::vector<std::string>>()->composing()->value_name("NAME=X.npy")->required(), "float (N, C, H, W); an inner step may be fed too");
  add("output", po::value<std::vector<std::string>>()->composing()->value_name("NAME=Y.npy")->required(), "float32 (N, C, H, W)");
  add("features", word("KIND"), "unet, syncnet: mel, ave, hubert or wenet; default: what the file says");
  add("width", word("WIDTH"), "unet: wide or mobile; default: what the file says, else wide");
  add("json", "shapes on stdout");
  program.options.add(tools::engine_options());
  program.positional.add("net", 1);
  program.backends = list_backends();
  return tools::run_program(program, argc, argv, run);
}
