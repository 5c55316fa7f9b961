// viseme-weights: lists, converts, compares and verifies checkpoint files.
#include "options.hpp"

#include <cmath>
#include <iomanip>
#include <sstream>
#include <vector>

#include <nlohmann/json.hpp>

#include <viseme/io/checkpoint.hpp>
#include <viseme/io/net_weights.hpp>
#include <viseme/io/onnx_writer.hpp>
#include <viseme/io/pth_writer.hpp>
#include <viseme/io/sha256.hpp>
#include <viseme/run/onnx_export.hpp>

namespace {

using namespace viseme;
using nlohmann::ordered_json;
namespace po = tools::po;

std::string text_of(const po::variables_map& options, const char* name) {
  return options.count(name) ? options[name].as<std::string>() : "";
}

/// fp32, bf16 or fp16 floats of a listing or target.
io::element element_named(const std::string& name) {
  for (const auto type : {io::element::f32, io::element::bf16, io::element::f16})
    if (io::name_of(type) == name) return type;
  throw tools::usage_error("--dtype " + name + " is none of fp32, bf16, fp16");
}

int list(const std::string& path, bool json) {
  const auto file = io::read_checkpoint(path);
  std::size_t elements = 0, bytes = 0;
  std::ostringstream lines;
  auto tensors = ordered_json::array();
  for (const auto& [name, tensor] : file.tensors) {
    elements += tensor.count();
    bytes += tensor.bytes.size();
    if (json)
      tensors.push_back({{"name", name}, {"shape", tensor.sizes}, {"type", io::name_of(tensor.type)}});
    else
      lines << name << "  " << io::text(tensor.sizes) << "  " << io::name_of(tensor.type) << '\n';
  }
  if (json) {
    const ordered_json all = {{"file", path},
                              {"sha256", io::sha256_of(std::filesystem::path(path))},
                              {"metadata", file.metadata},
                              {"tensors", tensors},
                              {"elements", elements},
                              {"bytes", bytes}};
    std::cout << all.dump(1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
    return 0;
  }
  for (const auto& [key, value] : file.metadata) std::cout << "# " << key << " = " << value << '\n';
  std::cout << lines.str() << file.tensors.size() << " tensors, " << elements << " elements, " << bytes << " bytes\n";
  return 0;
}

using parameter_list = std::vector<parameter_entry>;

/// Names and shapes that a checkpoint of a net has. A net nobody knows is wrong usage.
parameter_list table_of(const std::string& net, const std::string& features, const std::string& width) {
  try {
    return checkpoint_parameters({net, features, width});
  } catch (const error& e) {
    throw tools::usage_error(e.what());
  }
}

/// The net that the file names in its metadata, or --net, --features and --width say, with its weights in float32.
int convert_to_onnx(const std::string& from, const std::string& to, const po::variables_map& options) {
  if (const auto dtype = text_of(options, "dtype"); !dtype.empty() && dtype != "fp32")
    throw tools::usage_error("--dtype " + dtype + ": an .onnx file holds fp32");
  const auto if_given = [&](const char* name) { return options.count(name) ? std::optional(text_of(options, name)) : std::nullopt; };
  auto file = io::read_checkpoint(from);
  const auto stated = file.metadata.find("net");
  if (stated == file.metadata.end() && !options.count("net")) throw tools::usage_error("the file does not say its --net");
  const auto net = if_given("net").value_or(stated == file.metadata.end() ? "" : stated->second);
  table_of(net, "ave", "wide");
  const auto loaded = io::net_from(std::move(file), "'" + from + "'", net, if_given("features"), if_given("width"));
  auto metadata = loaded.metadata;
  metadata["net"] = net;
  if (loaded.spec.net == "unet" || loaded.spec.net == "syncnet") metadata["features"] = loaded.spec.features;
  if (loaded.spec.net == "unet") metadata["width"] = loaded.spec.width;
  io::write_onnx(to, io::onnx_model(export_onnx(loaded.spec), net_parameters(loaded.spec), loaded.block, metadata));
  return 0;
}

int convert(const std::string& from, const std::string& to, const po::variables_map& options) {
  if (to.ends_with(".onnx")) return convert_to_onnx(from, to, options);
  const bool pth = to.ends_with(".pth") || to.ends_with(".pth.tar") || to.ends_with(".pt");
  if (!pth && !to.ends_with(".safetensors"))
    throw tools::usage_error("the target's extension must be .safetensors, .pth, .pth.tar or .onnx");
  const auto dtype = text_of(options, "dtype");
  auto file = io::read_checkpoint(from);
  if (!dtype.empty()) {
    io::state_dict rounded;
    for (const auto& [name, tensor] : file.tensors) rounded.add(name, tensor.converted(element_named(dtype)));
    file.tensors = std::move(rounded);
  }
  pth ? io::write_pth(to, file) : io::write_safetensors(to, file);
  return 0;
}

struct difference {
  double absolute = 0, relative = 0;  // relative: the largest absolute over the larger of the two files' largest magnitude
};

/// Equal infinities, and NaN against NaN, agree; any other pair with one that is not finite differs without bound.
difference compare_values(const io::array& a, const io::array& b) {
  const auto x = a.to_double(), y = b.to_double();
  difference d;
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) {
      if (std::isfinite(x[i])) largest = std::max(largest, std::abs(x[i]));
      continue;
    }
    const double delta = std::abs(x[i] - y[i]);
    d.absolute = std::isfinite(delta) ? std::max(d.absolute, delta) : INFINITY;
    for (const double v : {x[i], y[i]})
      if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  }
  d.relative = d.absolute == 0 ? 0 : d.absolute / largest;
  return d;
}

int compare(const std::string& a, const std::string& b, double tolerance, bool json) {
  const auto first = io::read_checkpoint(a), second = io::read_checkpoint(b);
  bool same = true;
  difference worst;
  std::vector<std::string> only_first, only_second;
  auto differing = ordered_json::array();
  const auto number = [](double v) { return std::isfinite(v) ? ordered_json(v) : ordered_json("infinite"); };
  for (const auto& [name, tensor] : first.tensors) {
    const auto* other = second.tensors.find(name);
    if (!other) {
      only_first.push_back(name);
      continue;
    }
    if (other->sizes != tensor.sizes) {
      same = false;
      differing.push_back({{"name", name}, {"first", tensor.sizes}, {"second", other->sizes}});
      continue;
    }
    const auto d = compare_values(tensor, *other);
    worst = {std::max(worst.absolute, d.absolute), std::max(worst.relative, d.relative)};
    same = same && d.absolute <= tolerance;
    if (d.absolute > 0)
      differing.push_back(
          {{"name", name}, {"shape", tensor.sizes}, {"max_absolute", number(d.absolute)}, {"max_relative", number(d.relative)}});
  }
  for (const auto& [name, tensor] : second.tensors)
    if (!first.tensors.contains(name)) only_second.push_back(name);
  same = same && only_first.empty() && only_second.empty();
  if (json) {
    const ordered_json all = {{"same", same},
                              {"tolerance", tolerance},
                              {"only_first", only_first},
                              {"only_second", only_second},
                              {"differing", differing},
                              {"max_absolute", number(worst.absolute)},
                              {"max_relative", number(worst.relative)}};
    std::cout << all.dump(1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
    return same ? 0 : 1;
  }
  for (const auto& name : only_first) std::cout << "only in the first: " << name << '\n';
  for (const auto& name : only_second) std::cout << "only in the second: " << name << '\n';
  for (const auto& d : differing) {
    std::cout << d["name"].get<std::string>() << "  ";
    if (d.contains("first"))
      std::cout << d["first"].dump() << " against " << d["second"].dump() << '\n';
    else
      std::cout << "max absolute " << d["max_absolute"].dump() << ", relative " << d["max_relative"].dump() << '\n';
  }
  std::cout << (same ? "same" : "different") << ": " << first.tensors.size() << " and " << second.tensors.size()
            << " tensors, max absolute " << worst.absolute << ", relative " << worst.relative << ", tolerance " << tolerance << '\n';
  return same ? 0 : 1;
}

/// The names of a net's file that the net does not use: VGG-19's layers after conv3_3.
io::load_options unused_names(const std::string& net) { return net == "vgg19" ? io::whole_vgg19() : io::load_options{}; }

int verify(const std::string& path, const po::variables_map& options) {
  const auto net = text_of(options, "net");
  if (net.empty()) throw tools::usage_error("verify needs --net");
  const auto file = io::read_checkpoint(path);
  const auto choice = [&](const char* name, const std::string& otherwise) {
    if (options.count(name)) return text_of(options, name);
    const auto found = file.metadata.find(name);
    return found == file.metadata.end() ? otherwise : found->second;
  };
  const auto features = choice("features", ""), width = choice("width", "wide");
  if (features.empty() && (net == "unet" || net == "syncnet")) throw tools::usage_error("the file does not say its --features");
  const auto report = io::match(file.tensors, table_of(net, features, width), unused_names(net));
  if (options.count("json")) {
    auto shapes = ordered_json::array();
    for (const auto& w : report.wrong_shapes) shapes.push_back({{"name", w.name}, {"have", w.have}, {"want", w.want}});
    const ordered_json all = {
        {"good", report.good()}, {"missing", report.missing}, {"unexpected", report.unexpected}, {"wrong_shapes", shapes}};
    std::cout << all.dump(1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
  } else {
    for (const auto& name : report.missing) std::cout << "missing: " << name << '\n';
    for (const auto& name : report.unexpected) std::cout << "unexpected: " << name << '\n';
    for (const auto& w : report.wrong_shapes)
      std::cout << "shape: " << w.name << " is " << io::text(w.have) << " for " << io::text(w.want) << '\n';
    if (report.good()) std::cout << "good: " << report.source.size() << " tensors of " << net << '\n';
  }
  require(report.good(), "'" + path + "' as " + net, report.summary(), "choose another --net, --features or --width");
  return 0;
}

int run(const po::variables_map& options) {
  const auto command = text_of(options, "command");
  const auto files = options.count("file") ? options["file"].as<std::vector<std::string>>() : std::vector<std::string>();
  const bool json = options.count("json") > 0;
  const auto expect = [&](std::size_t count) {
    if (files.size() != count) throw tools::usage_error(command + " takes " + std::to_string(count) + (count == 1 ? " file" : " files"));
  };
  if (command == "list") {
    if (files.empty()) throw tools::usage_error("list takes a file");
    for (const auto& file : files) list(file, json);
    return 0;
  }
  if (command == "convert") return expect(2), convert(files[0], files[1], options);
  if (command == "compare") return expect(2), compare(files[0], files[1], options["tolerance"].as<double>(), json);
  if (command == "verify") return expect(1), verify(files[0], options);
  throw tools::usage_error(command.empty() ? "name a command" : "there is no command '" + command + "'");
}

}  // namespace

int main(int argc, char** argv) {
  tools::program program{
      .name = "viseme-weights",
      .summary = "Lists, converts, compares and verifies checkpoints: .pth (zip or older), .pth.tar, .safetensors; writes .onnx.",
      .usage = "list FILE... | convert FILE TARGET | compare FILE FILE | verify FILE --net NET [options]",
      .example = "viseme-weights convert 99.pth 99.safetensors --dtype bf16"};
  program.options.add_options()("command", po::value<std::string>(), "list, convert, compare or verify")(
      "file", po::value<std::vector<std::string>>()->composing(), "the files it works on")(
      "json", "print machine-readable results on stdout")("dtype", po::value<std::string>(),
                                                          "convert: fp32, bf16 or fp16; default: as in the file, fp32 in .onnx")(
      "tolerance", po::value<double>()->default_value(0), "compare: largest absolute difference that counts as same")(
      "net", po::value<std::string>(), "verify, convert to .onnx: unet, syncnet, audio_encoder, pfld or vgg19")(
      "features", po::value<std::string>(), "the same: mel, ave, hubert or wenet; default: what the file says")(
      "width", po::value<std::string>(), "the same: wide or mobile; default: what the file says, else wide");
  program.positional.add("command", 1).add("file", -1);
  program.backends = list_backends();
  return tools::run_program(program, argc, argv, run);
}
