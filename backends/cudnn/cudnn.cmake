# The cudnn backend, where the cuda backend is built and cuDNN's headers are found (9.8 or later). Nothing links the libraries: the backend
# opens them.
set(VISEME_HAS_CUDNN OFF)
if(VISEME_CUDNN AND TARGET CUDA::cudart_static)
  find_path(CUDNN_INCLUDE cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS} ENV CUDNN_HOME PATH_SUFFIXES include)
  if(CUDNN_INCLUDE)
    include(CheckCXXSourceCompiles)
    set(CMAKE_REQUIRED_INCLUDES ${CUDNN_INCLUDE} ${CUDAToolkit_INCLUDE_DIRS})
    check_cxx_source_compiles("#include <cudnn.h>\n#include <cublasLt.h>\nint main() { return CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR; }"
      CUDNN_IS_NEW_ENOUGH)
    unset(CMAKE_REQUIRED_INCLUDES)
    set(VISEME_HAS_CUDNN ${CUDNN_IS_NEW_ENOUGH})
  endif()
endif()
if(NOT VISEME_HAS_CUDNN)
  target_sources(backends PRIVATE backends/cudnn/absent.cpp)
  return()
endif()

file(GLOB cudnn_sources CONFIGURE_DEPENDS backends/cudnn/device.cpp backends/cudnn/instantiate/*.cpp)
target_sources(backends PRIVATE ${cudnn_sources})
target_include_directories(backends SYSTEM PUBLIC $<BUILD_INTERFACE:${CUDNN_INCLUDE}>)
target_link_libraries(backends PUBLIC ${CMAKE_DL_LIBS})
