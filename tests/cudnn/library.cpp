#include <boost/test/unit_test.hpp>

#include <backends/cudnn/device.hpp>
#include <backends/cudnn/library.hpp>

namespace library_suite {

using namespace viseme;
using namespace viseme::backends;

template <class Library>
std::string refusal(const char* name) {
  try {
    Library{name};
  } catch (const error& e) {
    return e.what();
  }
  return "";
}

BOOST_AUTO_TEST_SUITE(library)

BOOST_AUTO_TEST_CASE(an_absent_library_is_one_line_that_says_what_to_do) {
  const auto cudnn = refusal<cudnn_library>("libcudnn.so.0"), cublaslt = refusal<cublaslt_library>("libcublasLt.so.0");
  BOOST_TEST(cudnn == "backend 'cudnn': libcudnn.so.0: cannot open shared object file: No such file or directory: "
                      "install cuDNN 9 or name its folder in LD_LIBRARY_PATH, or use --backend cuda");
  BOOST_TEST(cublaslt.starts_with("backend 'cudnn': libcublasLt.so.0: "));
  BOOST_TEST(cublaslt.ends_with("or use --backend cuda"));
}

BOOST_AUTO_TEST_CASE(another_library_of_that_name_is_refused) {
  BOOST_TEST(refusal<cudnn_library>("libc.so.6").starts_with("backend 'cudnn': libc.so.6 does not have cudnnGetVersion: "));
}

BOOST_AUTO_TEST_CASE(a_machine_without_a_gpu_says_so) {
  if (open_device("auto")->has_own_memory()) return;
  BOOST_TEST(cudnn_is_built());
  BOOST_CHECK_EXCEPTION(open_device("cudnn"), error, [](const error& e) { return std::string(e.what()).starts_with("backend 'cudnn': "); });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace library_suite
