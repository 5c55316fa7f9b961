#include <backends/cuda/launch.cuh>
#include <kernels/simt/dense_product.hpp>
#include <kernels/simt/dense_product_mma.hpp>
#include <kernels/simt/grouped_convolution.hpp>
#include <kernels/simt/parameters.hpp>
#include <kernels/simt/weight_gradient.hpp>

namespace viseme::backends {

using namespace simt;

template struct launchers<type_list<fold_norm, weight_gradient_sum, channel_sum>>;
template struct launchers<type_list<dense_product_mma<bf16>, dense_product_mma<fp16>>>;

template <class T>
using kernels_of = type_list<dense_product<T, true>, dense_product<T, false>, finish_product<T>, weight_gradient_parts<T>, channel_sum_parts<T>, pack_weights<T>,
                             grouped_convolution<T>, grouped_backward_data<T>, grouped_weight_gradient<T>>;
template struct launchers<kernels_of<float>>;
template struct launchers<kernels_of<bf16>>;
template struct launchers<kernels_of<fp16>>;

}  // namespace viseme::backends
