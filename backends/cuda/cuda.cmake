# The cuda backend, where nvcc is found: kernels by nvcc, everything else by the host compiler. CMAKE_CUDA_ARCHITECTURES: the GPU of this
# machine, or 90 where there is none.
if(VISEME_CUDA AND NOT VISEME_SANITIZE)
  find_program(CMAKE_CUDA_COMPILER nvcc HINTS /usr/local/cuda/bin ENV CUDA_HOME PATH_SUFFIXES bin)
endif()
if(NOT VISEME_CUDA OR VISEME_SANITIZE OR NOT CMAKE_CUDA_COMPILER)
  target_sources(backends PRIVATE backends/cuda/absent.cpp)
  return()
endif()

execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
  OUTPUT_VARIABLE capability ERROR_QUIET RESULT_VARIABLE failed)
if(NOT failed AND capability MATCHES "([0-9]+)\\.([0-9]+)")
  set(VISEME_GPU ${CMAKE_MATCH_1}${CMAKE_MATCH_2})
endif()
if(NOT CMAKE_CUDA_ARCHITECTURES)
  if(VISEME_GPU)
    set(CMAKE_CUDA_ARCHITECTURES ${VISEME_GPU})
  else()
    set(CMAKE_CUDA_ARCHITECTURES 90)
  endif()
endif()
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know that CUDA 13 has it
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
# What Hopper has is compiled for it alone, beside any architectures.
add_library(hopper OBJECT backends/cuda/hopper.cu)
target_link_libraries(hopper PRIVATE engine CUDA::cudart_static)
set_target_properties(backends PROPERTIES CUDA_ARCHITECTURES "${CMAKE_CUDA_ARCHITECTURES}")
set_target_properties(hopper PROPERTIES CUDA_ARCHITECTURES 90a-real)
foreach(target backends hopper)
  set_target_properties(${target} PROPERTIES
    CUDA_COMPILER_LAUNCHER "${PROJECT_SOURCE_DIR}/bench/resources.sh;--compile;${PROJECT_BINARY_DIR}/kernel_resources")
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr>)
endforeach()
target_sources(backends PRIVATE $<TARGET_OBJECTS:hopper>)

file(GLOB cuda_sources CONFIGURE_DEPENDS backends/cuda/device.cpp backends/cuda/instantiate/*.cpp backends/cuda/instantiate/*.cu)
target_sources(backends PRIVATE ${cuda_sources})
target_link_libraries(backends PUBLIC CUDA::cudart_static)
set(VISEME_FINDS_CUDA "find_dependency(CUDAToolkit)")
