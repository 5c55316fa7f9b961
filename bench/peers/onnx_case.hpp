// A net with its weights and inputs as files, for peers that read ONNX.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <bench/workload.hpp>
#include <viseme/io/atomic_file.hpp>
#include <viseme/io/onnx_writer.hpp>
#include <viseme/run/onnx_export.hpp>

namespace viseme::bench {

/// A temporary folder with net.onnx and NAME.f32 of every input (dense NCHW), removed with all it holds.
class onnx_case {
public:
  onnx_case(const net_spec& spec, int batch) {
    auto pattern = (std::filesystem::temp_directory_path() / "viseme-bench-XXXXXX").string();
    require(::mkdtemp(pattern.data()) != nullptr, "cannot make a folder in '" + pattern + "'", "the system refuses",
            "set TMPDIR to a writable folder");
    folder_ = pattern;
    const auto graph = export_onnx(spec);
    io::write_onnx(folder_ / "net.onnx", io::onnx_model(graph, net_parameters(spec), weights_of(spec), {{"net", spec.net}}));
    for (const auto& v : graph.inputs) {
      const auto values = input_values(v.name, std::size_t(batch) * v.size.count());
      io::write_text(folder_ / (v.name + ".f32"), {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
    }
  }
  onnx_case(const onnx_case&) = delete;
  onnx_case& operator=(const onnx_case&) = delete;
  ~onnx_case() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  const std::filesystem::path& folder() const { return folder_; }

private:
  std::filesystem::path folder_;
};

}  // namespace viseme::bench
