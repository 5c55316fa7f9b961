// The type-erased face of the engine. Tools, media, audio, train and render see this and no backend template.
//
//   auto device  = open_device("auto", threads);
//   auto weights = device->prepare({"unet", "mel", "mobile"}, block);             // immutable, shared by all sessions
//   auto session = weights->make_session({.batch = 1, .cut = {{"image", "audio"}, {"output"}}});
//   session->write("image", pixels); session->write("audio", window); session->run(); session->read("output", face);
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <viseme/core/shape.hpp>
#include <viseme/graph/parameters.hpp>
#include <viseme/optim/adam.hpp>
#include <viseme/run/frame_painter.hpp>
#include <viseme/run/layers.hpp>
#include <viseme/run/request.hpp>

namespace viseme {

/// Scalars of activations and weights. Which of them a backend has is in `device::dtypes`.
enum class dtype { fp64, fp32, bf16, fp16, int8 };
dtype parse_dtype(const std::string&);
std::string text(dtype);

/// A net by its names on the command line: unet, syncnet, audio_encoder, pfld, vgg19.
struct net_spec {
  std::string net = "unet";
  std::string features = "ave";  // unet, syncnet: ave (mel has its shapes), hubert, wenet
  std::string width = "wide";    // unet: wide, mobile
};

/// A net's parameters and buffers in the order of its flat block. Throws `error` for a net nobody knows.
/// PFLD's are those of the folded net; `checkpoint_parameters` of the branches that a checkpoint holds, with its unused ones.
std::vector<parameter_entry> net_parameters(const net_spec&);
std::vector<parameter_entry> checkpoint_parameters(const net_spec&);
/// Flat block of a net from the flat block of its checkpoint, in the order of `checkpoint_parameters`: folds PFLD's branches, else a copy.
std::vector<float> net_block(const net_spec&, std::vector<float> checkpoint_block);
/// PyTorch's default initialisation of every layer, from a seed.
std::vector<float> initial_block(const net_spec&, std::uint64_t seed);

struct value_info {
  std::string name;
  shape size;
};

struct session_options {
  int batch = 1;
  size2 image{0, 0};  // of the net's first input; {0, 0}: the net's own
  viseme::cut cut;
  kept_as keep_as = kept_as::bf16;
};

/// A copy of a session's kept values (`cut::keep`) after one run. Immutable: any session of the same model and options may start from it.
class kept_values {
public:
  virtual ~kept_values() = default;
  virtual std::size_t memory_bytes() const = 0;
};

/// One user's inference. Sizes are fixed at construction; run() allocates nothing. Not for two threads at once.
class session {
public:
  virtual ~session() = default;
  virtual std::vector<value_info> inputs() const = 0;
  virtual std::vector<value_info> outputs() const = 0;
  /// Dense NCHW float32 of exactly the value's size.
  virtual void write(const std::string& input, std::span<const float> nchw) = 0;
  virtual void read(const std::string& output, std::span<float> nchw) const = 0;
  /// On a GPU it may return before the work is done; read() and wait() wait for it.
  virtual void run() = 0;
  virtual void wait() = 0;
  /// The layers and fused groups that run() computes, in order; and run() that tells how long each of them took.
  virtual std::vector<layer_info> layers() const = 0;
  virtual void run(std::span<double> milliseconds) = 0;
  /// A copy of what the last run() left in the kept values; it takes `kept_bytes` of the device's memory.
  virtual std::unique_ptr<const kept_values> keep() const = 0;
  virtual std::size_t kept_bytes() const = 0;
  /// run() that starts from kept values and computes only what the outputs need besides. Allocates nothing.
  virtual void resume(const kept_values&) = 0;
  /// Draws this session's faces into frames in the device's memory; null where a backend leaves that to the host. Of a UNet of batch 1.
  virtual std::unique_ptr<frame_painter> make_painter(const frame_options&) = 0;
  /// Bytes of activations and scratch; weights are not counted.
  virtual std::size_t memory_bytes() const = 0;
};

/// Prepared, immutable weights of one net on one device in one dtype.
class model : public std::enable_shared_from_this<model> {
public:
  virtual ~model() = default;
  virtual const net_spec& spec() const = 0;
  virtual std::unique_ptr<session> make_session(const session_options&) const = 0;
  virtual std::size_t memory_bytes() const = 0;
  /// Layers that a fallback of the backend runs, by name; empty: the backend has them all.
  virtual std::vector<std::string> fallbacks() const = 0;
};

/// A loss between a value of one training net and a target.
enum class loss_kind { l1, mse };

/// A net in training, or a frozen one that a loss looks through. Several of one device may be chained: pass one's output on with
/// `write_from`, and the gradient of an input back with `add_gradient_from`.
class training_net {
public:
  virtual ~training_net() = default;
  virtual shape output_size(const std::string& output) const = 0;
  virtual void write(const std::string& input, std::span<const float> nchw) = 0;
  virtual void write_from(const std::string& input, const training_net& other, const std::string& output) = 0;
  virtual void read(const std::string& output, std::span<float> nchw) const = 0;
  virtual void forward() = 0;

  /// Call before the losses of a step: the first loss on an output writes its gradient, later ones add.
  virtual void clear_output_gradients() = 0;
  /// `weight` scales the gradient; the loss returned is not scaled.
  virtual double loss(loss_kind, const std::string& output, std::span<const float> target_nchw, double weight) = 0;
  /// Mean squared difference to a value of another net, which gets no gradient.
  virtual double mse_to(const std::string& output, const training_net& other, const std::string& target, double weight) = 0;
  /// Mean over samples of BCE((1 + cos) / 2, label) of two outputs of this net.
  virtual double cosine_bce(const std::string& a, const std::string& b, std::span<const float> labels, double weight) = 0;
  /// Adds the gradient of `other`'s input to that of this net's output.
  virtual void add_gradient_from(const std::string& output, const training_net& other, const std::string& input) = 0;
  virtual void backward() = 0;

  virtual void clear_gradients() = 0;
  /// In fp16 a step whose gradients overflowed is dropped (optim/loss_scaling.hpp).
  virtual void adam_step(const adam&, std::int64_t number) = 0;

  virtual const std::vector<parameter_entry>& parameters() const = 0;
  /// Flat blocks: parameters and buffers; gradients, first and second moments of the trainable part. Sizes must match.
  virtual void read_parameters(std::span<float>) const = 0;
  virtual void write_parameters(std::span<const float>) = 0;
  virtual void read_gradients(std::span<float>) const = 0;
  virtual void read_moments(std::span<float> first, std::span<float> second) const = 0;
  virtual void write_moments(std::span<const float> first, std::span<const float> second) = 0;
  virtual std::size_t memory_bytes() const = 0;
};

struct training_net_options {
  int batch = 1;
  size2 image{0, 0};
  training_options graph;
};

/// A backend opened with its threads: one per process, shared by everything that computes.
class device : public std::enable_shared_from_this<device> {
public:
  virtual ~device() = default;
  virtual std::string backend() const = 0;
  virtual std::string describe() const = 0;  // "cpu (avx2, 2 threads)"
  virtual int threads() const = 0;
  /// Values live in memory of their own (a GPU's): write() and read() carry them there and back.
  virtual bool has_own_memory() const = 0;
  virtual std::shared_ptr<const model> prepare(const net_spec&, std::span<const float> block) = 0;
  virtual std::unique_ptr<training_net> train(const net_spec&, std::span<const float> block, const training_net_options&) = 0;
  /// The steps of a net for a purpose, at its own picture size, and one of them alone, by its place among them.
  virtual std::vector<layer_info> layers(const net_spec&, purpose, int batch) = 0;
  virtual std::unique_ptr<layer_run> layer(const net_spec&, purpose, int batch, std::size_t index, std::span<const float> block) = 0;
};

/// `backend`: auto (where there is a GPU cudnn, or cuda without cuDNN; else cpu), cpu, cuda, cudnn, reference or emulated; threads 0: all cores. Throws
/// `error` for a backend or dtype this build lacks.
std::shared_ptr<device> open_device(const std::string& backend = "auto", dtype = dtype::fp32, int threads = 0);

/// Backends in this build with the dtypes each has, for --version.
std::string list_backends();

}  // namespace viseme
