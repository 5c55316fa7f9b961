// viseme-train: teaches a net one person's mouth.
#include "options.hpp"
#include "progress.hpp"
#include "threads.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <viseme/io/net_weights.hpp>
#include <viseme/io/sha256.hpp>
#include <viseme/train/unet_trainer.hpp>

namespace {

using namespace viseme;
namespace fs = std::filesystem;
namespace po = boost::program_options;
using clock_type = std::chrono::steady_clock;

std::string text_of(const po::variables_map& given, const char* name) { return given.count(name) ? given[name].as<std::string>() : ""; }
double seconds_since(clock_type::time_point start) { return std::chrono::duration<double>(clock_type::now() - start).count(); }

std::string decimals(double value, int places) {
  char word[64];
  std::snprintf(word, sizeof word, "%.*f", places, value);
  return word;
}

/// Memory the system would give without swapping; 0 where it does not say.
std::size_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string word;
  for (std::size_t kilobytes = 0; file >> word;)
    if (word == "MemAvailable:" && file >> kilobytes) return kilobytes * 1024;
  return 0;
}

/// 8, or on the host the largest half of it that leaves a third of the memory free; a GPU refuses what does not fit and names what does.
int automatic_batch(device& on, const net_spec& spec, const std::vector<float>& block) {
  if (on.has_own_memory()) return 8;
  const auto memory = available_memory();
  const auto one = on.train(spec, block, {.batch = 1, .image = {0, 0}, .graph = {.frozen = false, .input_gradients = false, .outputs = {"output"}}})->memory_bytes();
  int batch = 8;
  while (memory > 0 && batch > 1 && one * std::size_t(batch) > memory / 3 * 2) batch /= 2;
  return batch;
}

std::string read_features_kind(const po::variables_map& given, const media::dataset& data, const std::map<std::string, std::string>& start) {
  if (given.count("features")) return std::string(audio::name(audio::parse_feature_kind(text_of(given, "features"))));
  if (const auto found = start.find("features"); found != start.end()) return found->second;
  for (const auto kind : {audio::feature_kind::mel, audio::feature_kind::ave, audio::feature_kind::hubert, audio::feature_kind::wenet})
    if (data.has(kind)) return std::string(audio::name(kind));
  throw error("dataset '" + data.folder().string() + "'", "it has no sound features", "run viseme-preprocess on it");
}

nlohmann::ordered_json json_of(const train::quality& q) {
  return {{"frames", q.frames}, {"mouth_l1", q.mouth_l1}, {"mouth_psnr", q.mouth_psnr}, {"face_l1", q.face_l1}, {"face_psnr", q.face_psnr}};
}

/// train.jsonl: one line a record; on resuming, lines of later steps than the one gone on from are dropped.
class training_log {
public:
  training_log(const fs::path& path, std::int64_t step) : path_(path) {
    std::ifstream old(path);
    std::string kept;
    for (std::string line; std::getline(old, line);) {
      const auto record = nlohmann::json::parse(line, nullptr, false);
      if (record.is_object() && record.contains("step") && record["step"].is_number_integer() && record["step"].get<std::int64_t>() <= step && step > 0)
        kept += line + "\n";
    }
    old.close();
    io::write_text(path, kept);
    file_.open(path, std::ios::app);
  }
  void add(const nlohmann::ordered_json& record) {
    file_ << record.dump() << std::endl;
    require(bool(file_), "cannot write '" + path_.string() + "'", "no space left, or the folder is not writable", "free some space");
  }

private:
  fs::path path_;
  std::ofstream file_;
};

struct setup {
  train::unet_options options;
  train::training_data data;
  std::vector<float> block;
  std::vector<std::unique_ptr<train::loss_net>> losses;
};

std::vector<double> loss_weights(const po::variables_map& given) {
  std::vector<double> weights{1, 0.01, 10};
  if (!given.count("loss-weights")) return weights;
  const auto words = given["loss-weights"].as<std::vector<double>>();
  if (words.size() != 3) throw tools::usage_error("--loss-weights takes three numbers: L1, perceptual, sync");
  for (const double w : words)
    if (!(w >= 0 && w < 1e6)) throw tools::usage_error("--loss-weights are not within 0 to 1000000");
  return words;
}

setup prepare(const po::variables_map& given, device& on, bool quiet) {
  setup s;
  const fs::path folder = text_of(given, "dataset");
  const auto data = std::make_shared<const media::dataset>(media::dataset::open(folder));
  const auto init = text_of(given, "init");
  const auto own = init.empty() ? io::checkpoint() : io::read_checkpoint(init);
  const auto kind = read_features_kind(given, *data, own.metadata);
  const auto own_width = own.metadata.find("width");
  s.options.width = !given["width"].defaulted() || own_width == own.metadata.end() ? text_of(given, "width") : own_width->second;
  if (s.options.width != "wide" && s.options.width != "mobile") throw tools::usage_error("--width is not wide or mobile");
  s.options.seed = given["seed"].as<std::uint64_t>();
  s.options.look_ahead = given["look-ahead"].as<int>();
  if (s.options.look_ahead < 0 || s.options.look_ahead > audio::longest_look_ahead) throw tools::usage_error("--look-ahead is not within 0 to 7");
  s.options.rule.lr = given["lr"].as<double>();
  const auto schedule = text_of(given, "schedule");
  if (schedule != "cosine" && schedule != "constant") throw tools::usage_error("--schedule is not constant or cosine");
  s.options.schedule = schedule == "cosine" ? train::learning_rate_schedule::cosine : train::learning_rate_schedule::constant;
  s.options.held_out_frames = given["holdout-frames"].as<int>();
  const auto weights = loss_weights(given);
  s.options.l1_weight = weights[0];

  const net_spec spec{"unet", kind, s.options.width};
  s.block = init.empty() ? initial_block(spec, s.options.seed) : io::load_net(init, "unet", kind, s.options.width).block;

  s.data.features = std::make_shared<const audio::feature_rows>(data->features(audio::parse_feature_kind(kind)));
  s.data.frames = train::split_frames(*data, *s.data.features, given["holdout"].as<double>());
  auto frames = s.data.frames.training;
  frames.insert(frames.end(), s.data.frames.held_out.begin(), s.data.frames.held_out.end());
  const auto limit = std::size_t(std::max(0.0, given["cache"].as<double>()) * (std::size_t(1) << 20));
  tools::progress bar("reading faces", std::int64_t(std::min(frames.size(), limit / train::face_store::face_bytes)), quiet);
  s.data.faces = std::make_shared<const train::face_store>(data, frames, limit, [&](std::int64_t done) {
    bar.at(done);
    return !tools::stop_requested();
  });

  const auto batch = text_of(given, "batch");
  if (batch == "auto")
    s.options.batch = automatic_batch(on, spec, s.block);
  else
    s.options.batch = batch.size() < 5 && !batch.empty() && batch.find_first_not_of("0123456789") == batch.npos ? std::stoi(batch) : 0;
  if (s.options.batch < 1) throw tools::usage_error("--batch is not a number from 1 on or auto");
  const auto frames_an_epoch = std::int64_t(s.data.frames.training.size());
  if (given.count("steps") && given.count("epochs")) throw tools::usage_error("--steps and --epochs exclude each other");
  const auto epochs = given.count("epochs") ? given["epochs"].as<std::int64_t>() : 100;
  s.options.steps = given.count("steps") ? given["steps"].as<std::int64_t>() : (epochs * frames_an_epoch + s.options.batch - 1) / s.options.batch;
  if (s.options.steps < 0 || epochs < 0 || epochs > 1'000'000) throw tools::usage_error("--steps or --epochs is negative or too large");

  if (const auto vgg = text_of(given, "vgg"); !vgg.empty() && weights[1] > 0)
    s.losses.push_back(std::make_unique<train::perceptual_loss>(on, io::load_net(vgg, "vgg19").block, s.options.batch, weights[1]));
  if (const auto sync = text_of(given, "syncnet"); !sync.empty() && weights[2] > 0) {
    require(kind != "wenet", "SyncNet", "it cannot take wenet's windows", "train without --syncnet, or with other features");
    const auto net = io::load_net(sync, "syncnet", kind);
    s.losses.push_back(std::make_unique<train::sync_loss>(on, net.spec, net.block, s.options.batch, weights[2]));
  }
  return s;
}

int train_unet(const po::variables_map& given) {
  const bool quiet = given.count("quiet") > 0;
  const fs::path out = text_of(given, "out");
  const auto checkpoint_every = given["checkpoint-every"].as<std::int64_t>(), evaluate_every = given["evaluate-every"].as<std::int64_t>();
  const auto preview_every = given["preview-every"].as<std::int64_t>();
  if (checkpoint_every < 1 || evaluate_every < 0 || preview_every < 0) throw tools::usage_error("--checkpoint-every, --evaluate-every or --preview-every is out of range");
  std::error_code failed;
  fs::create_directories(out, failed);
  if (!failed && preview_every > 0) fs::create_directories(out / "previews", failed);
  require(!failed, "cannot make '" + out.string() + "'", failed.message(), "choose another folder");
  const auto states = train::numbered_files(out, {".state"});
  const bool resume = given.count("resume") > 0;
  require(resume || train::numbered_files(out, {".safetensors", ".state"}).empty(), "'" + out.string() + "'", "it holds checkpoints of an earlier training",
          "go on with --resume, or choose another folder");

  const auto on = open_device(text_of(given, "backend"), parse_dtype(text_of(given, "dtype")), tools::threads_of(given));
  auto s = prepare(given, *on, quiet);
  train::unet_trainer trainer(on, s.data, s.options, s.block, std::move(s.losses));
  if (const auto ave = text_of(given, "ave-weights"); !ave.empty()) trainer.audio_encoder_sha256 = io::sha256_of(fs::path(ave));
  if (resume && !states.empty()) trainer.resume(states.back().path);

  training_log log(out / "train.jsonl", trainer.step_number());
  const auto trivial = trainer.trivial();
  if (!quiet) {
    std::cerr << "training " << trainer.spec().width << " unet on " << s.data.frames.training.size() << " frames, " << s.data.frames.held_out.size() << " held out, "
              << trainer.spec().features << " features, batch " << s.options.batch << ", steps " << trainer.step_number() << " to " << s.options.steps << ", "
              << on->describe() << ", " << trainer.memory_bytes() / (1 << 20) << " MB\n";
  }
  tools::progress bar("training", s.options.steps, quiet);
  const auto start = clock_type::now();
  const auto first_step = trainer.step_number();
  std::optional<train::quality> last;
  std::string quality_text;
  const auto evaluate = [&] {
    last = trainer.measure();
    if (!last) return;
    quality_text = "mouth PSNR " + decimals(last->mouth_psnr, 1) + " dB (nearest training frame " + decimals(trivial->mouth_psnr, 1) + " dB)";
  };
  double smooth = 0;
  bool stopped = false;
  std::int64_t saved = first_step;
  while (trainer.step_number() < s.options.steps && !stopped) {
    const auto report = trainer.step();
    stopped = tools::stop_requested();
    const bool at_end = report.step == s.options.steps;
    const auto due = [&](std::int64_t every) { return every > 0 && report.step % every == 0; };
    smooth = report.step == first_step + 1 ? report.l1 : 0.95 * smooth + 0.05 * report.l1;
    nlohmann::ordered_json record{{"step", report.step}, {"l1", report.l1}, {"lr", report.learning_rate}};
    for (const auto& [name, value] : report.others) record[name] = value;
    if (!stopped && (at_end || due(evaluate_every))) {
      evaluate();
      if (last) record["held_out"] = json_of(*last);
    }
    record["samples_per_second"] = double((report.step - first_step) * s.options.batch) / seconds_since(start);
    record["seconds"] = seconds_since(start);
    log.add(record);
    if (stopped || at_end || due(checkpoint_every)) {
      trainer.save(out);
      saved = report.step;
    }
    if (!stopped && due(preview_every)) trainer.write_preview(out / "previews" / (std::to_string(report.step) + ".jpg"));
    bar.at(report.step, "L1 " + decimals(smooth, 4) + (quality_text.empty() ? "" : ", " + quality_text));
  }
  if (stopped && !quiet) std::cerr << "\nstopped; go on with --resume\n";
  if (!stopped && !last) evaluate();
  if (!stopped && last && !quiet) std::cerr << "held out: " << quality_text << ", face PSNR " << decimals(last->face_psnr, 1) << " dB\n";
  if (given.count("json")) {
    nlohmann::ordered_json result{{"step", trainer.step_number()}, {"checkpoint", (out / (std::to_string(saved) + ".safetensors")).string()},
                                  {"l1", smooth}, {"seconds", seconds_since(start)}, {"stopped", stopped}};
    if (last) result["held_out"] = json_of(*last);
    if (trivial) result["nearest_training_frame"] = json_of(*trivial);
    std::cout << result.dump() << "\n";
  }
  return 0;
}

int run(const po::variables_map& given) {
  const auto net = text_of(given, "net");
  if (net == "unet") return train_unet(given);
  require(net != "syncnet", "viseme-train syncnet", "not in this build", "train the unet without --syncnet, or bring a SyncNet checkpoint");
  throw tools::usage_error(net.empty() ? "name a net: unet or syncnet" : "there is no training of '" + net + "'");
}

}  // namespace

int main(int argc, char** argv) {
  tools::program program{.name = "viseme-train",
                         .summary = "Teaches a net to draw one person's mouth from sound.",
                         .usage = "unet --dataset DIR --out DIR [options]",
                         .example = "viseme-train unet --dataset dataset/anna --out checkpoint/anna --epochs 100"};
  auto add = program.options.add_options();
  const auto file = [] { return po::value<std::string>()->value_name("FILE"); };
  const auto count = [] { return po::value<std::int64_t>()->value_name("N"); };
  add("net", po::value<std::string>(), "unet or syncnet");
  add("dataset", po::value<std::string>()->value_name("DIR")->required(), "the person's folder");
  add("out", po::value<std::string>()->value_name("DIR")->required(), "checkpoints N.safetensors with N.state, previews, train.jsonl");
  add("features", po::value<std::string>()->value_name("KIND"), "mel, ave, hubert or wenet; default: of --init, else the first that the dataset has");
  add("ave-weights", file(), "the encoder that made the ave features: its hash is kept in the checkpoints");
  add("width", po::value<std::string>()->value_name("WIDTH")->default_value("wide"), "wide or mobile");
  add("init", file(), "start from these weights (fine-tune)");
  add("resume", "go on from the last N.state in --out");
  add("steps", count(), "steps in all");
  add("epochs", count(), "rounds through the frames, instead of --steps; default 100");
  add("batch", po::value<std::string>()->value_name("N")->default_value("auto"), "samples a step; auto: 8, fewer where memory is short");
  add("lr", po::value<double>()->value_name("X")->default_value(1e-3, "0.001"), "Adam's learning rate");
  add("schedule", po::value<std::string>()->value_name("NAME")->default_value("cosine"), "constant, or cosine: down to 5 % at the last step");
  add("vgg", file(), "VGG-19 of torchvision: adds the perceptual loss");
  add("syncnet", file(), "a SyncNet: adds the sync loss");
  add("loss-weights", po::value<std::vector<double>>()->multitoken()->value_name("L1 VGG SYNC"), "default 1 0.01 10");
  add("look-ahead", po::value<int>()->value_name("N")->default_value(7), "frames of sound after the drawn one, 0 to 7: fewer, less latency");
  add("holdout", po::value<double>()->value_name("X")->default_value(0.1, "0.1"), "last part of the frames that is only measured");
  add("holdout-frames", po::value<int>()->value_name("N")->default_value(32), "held-out frames measured at most");
  add("evaluate-every", count()->default_value(500), "steps; 0: at the end only");
  add("checkpoint-every", count()->default_value(500), "steps; the last three are kept");
  add("preview-every", count()->default_value(0, "never"), "steps");
  add("cache", po::value<double>()->value_name("MB")->default_value(2048), "memory for decoded faces; others are read again");
  add("quiet", "no progress on stderr");
  add("json", "the result as JSON on stdout");
  program.options.add(tools::engine_options());
  program.positional.add("net", 1);
  program.backends = list_backends();
  return tools::run_program(program, argc, argv, run);
}
