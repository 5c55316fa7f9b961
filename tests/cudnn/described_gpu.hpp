// A GPU that is described, not there: cuDNN makes plans for it on any machine.
#pragma once

#include <boost/test/unit_test.hpp>
#include <iostream>
#include <string_view>

#include <backends/cudnn/plan.hpp>

namespace viseme::tests {

/// Decorator for a suite: it is skipped by name where no library is installed that can do without a device.
inline boost::test_tools::assertion_result has_cudnn(boost::unit_test::test_unit_id) {
  try {
    const backends::cudnn_library found;
    require(found.version() >= 90800, "cuDNN " + found.text(), "it makes no plans for a described GPU", "install 9.8 or later");
    return true;
  } catch (const error& e) {
    std::cout << "skipped: needs cuDNN: " << e.what() << std::endl;
    return false;
  }
}

class described_gpu {
public:
  described_gpu() : properties_(library_, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR) {
    constexpr std::string_view h200 =
        R"({"deviceName":"NVIDIA H200","cudaDeviceId":0,"deviceVer":900,"driverVer":13000,"totalGlobalMem":150110011392,)"
        R"("maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"regsPerBlock":65536,"multiProcessorCount":132,)"
        R"("warpSize":32,"maxSharedMemoryPerBlock":49152,"maxSharedMemoryPerBlockOptin":232448,"reservedSharedMemoryPerBlock":1024,)"
        R"("maxRegistersPerSM":65536,"maxCtasPerSM":32,"maxThreadsPerBlock":1024,"maxThreadsPerSM":2048,"pciDeviceId":0,"isTccDriver":0,)"
        R"("supportCoopLaunch":1,"smClockRateKHz":1980000,"memClockRateKHz":3201000,"l2CacheSize":62914560})";
    properties_.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, std::span<const char>(h200));
    properties_.finalize();
  }

  const backends::cudnn_library& library() const { return library_; }
  std::optional<backends::cudnn_plan> plan(const backends::convolution_task& t, std::size_t most = backends::most_workspace) const {
    return backends::cudnn_plan::find(library_, {.described = &properties_}, t, most);
  }

private:
  backends::cudnn_library library_;
  backends::cudnn_descriptor properties_;
};

}  // namespace viseme::tests
