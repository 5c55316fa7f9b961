// A descriptor of cuDNN's graph API: made, filled attribute by attribute, then finalized, which checks it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <backends/cudnn/check.hpp>

namespace viseme::backends {

template <class V>
struct attribute_type;  // of a value of type V
template <cudnnBackendAttributeType_t Type>
struct attribute_type_is {
  static constexpr auto value = Type;
};
template <> struct attribute_type<bool> : attribute_type_is<CUDNN_TYPE_BOOLEAN> {};
template <> struct attribute_type<char> : attribute_type_is<CUDNN_TYPE_CHAR> {};
template <> struct attribute_type<std::int64_t> : attribute_type_is<CUDNN_TYPE_INT64> {};
template <> struct attribute_type<float> : attribute_type_is<CUDNN_TYPE_FLOAT> {};
template <> struct attribute_type<void*> : attribute_type_is<CUDNN_TYPE_VOID_PTR> {};
template <> struct attribute_type<cudnnHandle_t> : attribute_type_is<CUDNN_TYPE_HANDLE> {};
template <> struct attribute_type<cudnnDataType_t> : attribute_type_is<CUDNN_TYPE_DATA_TYPE> {};
template <> struct attribute_type<cudnnConvolutionMode_t> : attribute_type_is<CUDNN_TYPE_CONVOLUTION_MODE> {};
template <> struct attribute_type<cudnnPointwiseMode_t> : attribute_type_is<CUDNN_TYPE_POINTWISE_MODE> {};
template <> struct attribute_type<cudnnBackendHeurMode_t> : attribute_type_is<CUDNN_TYPE_HEUR_MODE> {};
template <> struct attribute_type<cudnnBackendBehaviorNote_t> : attribute_type_is<CUDNN_TYPE_BEHAVIOR_NOTE> {};
template <> struct attribute_type<cudnnBackendNumericalNote_t> : attribute_type_is<CUDNN_TYPE_NUMERICAL_NOTE> {};

/// Moves and does not copy. The library must outlive it; what it is made of is cuDNN's own once it is set.
class cudnn_descriptor {
public:
  cudnn_descriptor(const cudnn_library& l, cudnnBackendDescriptorType_t type) : handle_(nullptr, {&l}) {
    cudnnBackendDescriptor_t d = nullptr;
    check(l, l.create_descriptor(type, &d), "cudnnBackendCreateDescriptor");
    handle_.reset(d);
  }

  template <class V>
  void set(cudnnBackendAttributeName_t name, const V& value) {
    set(name, std::span<const V>(&value, 1));
  }
  template <class V>
  void set(cudnnBackendAttributeName_t name, std::span<const V> values) {
    set(name, attribute_type<V>::value, values.size(), values.data());
  }
  void set(cudnnBackendAttributeName_t name, std::span<const cudnn_descriptor> values) {
    const auto all = handles(values);
    set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, all.size(), all.data());
  }

  void finalize(std::source_location at = std::source_location::current()) { check(library(), try_finalize(), "cudnnBackendFinalize", at); }
  cudnnStatus_t try_finalize() { return library().finalize(handle_.get()); }

  /// Reads up to to.size() values; how many.
  template <class V>
  std::size_t get(cudnnBackendAttributeName_t name, std::span<V> to) const {
    return get(name, attribute_type<V>::value, to.size(), to.data());
  }
  /// Into descriptors that were made for it.
  std::size_t get(cudnnBackendAttributeName_t name, std::span<cudnn_descriptor> to) const {
    auto all = handles(to);
    return get(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, all.size(), all.data());
  }
  /// How many descriptors there are to read.
  std::size_t count(cudnnBackendAttributeName_t name) const { return get(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, nullptr); }

  /// Of a plan, on a pack of pointers.
  void execute(cudnnHandle_t on, const cudnn_descriptor& pack) const {
    check(library(), library().execute(on, handle_.get(), pack.handle_.get()), "cudnnBackendExecute");
  }

private:
  const cudnn_library& library() const { return *handle_.get_deleter().library; }
  void set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::size_t count, const void* from) {
    check(library(), library().set_attribute(handle_.get(), name, type, std::int64_t(count), from), "cudnnBackendSetAttribute");
  }
  std::size_t get(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::size_t most, void* to) const {
    std::int64_t count = 0;
    check(library(), library().get_attribute(handle_.get(), name, type, std::int64_t(most), &count, to), "cudnnBackendGetAttribute");
    return std::size_t(count);
  }
  static std::vector<cudnnBackendDescriptor_t> handles(std::span<const cudnn_descriptor> of) {
    std::vector<cudnnBackendDescriptor_t> all;
    for (const auto& d : of) all.push_back(d.handle_.get());
    return all;
  }

  struct destroy {
    const cudnn_library* library;
    void operator()(cudnnBackendDescriptor_t d) const { library->destroy_descriptor(d); }
  };
  std::unique_ptr<void, destroy> handle_;
};

}  // namespace viseme::backends
