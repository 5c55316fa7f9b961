// y(n,o,h,w) = b(o) + sum over i,kh,kw of W(o,i,kh,kw) x(n, i, h sh - ph + kh, w sw - pw + kw), zeros outside; and its gradients.
#pragma once

#include <vector>

#include <backends/reference/backend.hpp>
#include <viseme/layers/conv2d.hpp>

namespace viseme {

namespace backends {

/// One function for every convolution: sizes are run-time numbers, so that a net's many layers compile once.
template <class T>
struct convolution {
  conv S;
  int in_group = S.in / S.groups, out_group = S.out / S.groups;

  const T* row(const T* weight, int o, int i, int kh) const { return weight + ((std::ptrdiff_t(o) * in_group + i) * S.kernel.h + kh) * S.kernel.w; }

  /// Output columns whose input column under tap kw lies inside a row of `width`.
  struct range {
    int begin, end;
  };
  range columns(int kw, int width, int out_width) const {
    const int offset = S.pad.w - kw;
    const int begin = offset > 0 ? (offset + S.stride.w - 1) / S.stride.w : 0;
    const int end = width - 1 + offset < 0 ? 0 : std::min(out_width, (width - 1 + offset) / S.stride.w + 1);
    return {begin, std::max(begin, end)};
  }

  void forward(host_context& c, const forward_call<T>& call) const {
    const auto x = call.in[0];
    const auto y = call.out;
    const T* weight = call.parameters[0];
    const T* bias = S.bias ? call.parameters[1] : nullptr;
    c.for_each_plane(y.size, [&](int n, int o) {
      std::vector<double> sum(y.size.w);
      const int first = o / out_group * in_group;
      for (int h = 0; h < y.size.h; ++h) {
        std::fill(sum.begin(), sum.end(), bias ? double(bias[o]) : 0.0);
        for (int i = 0; i < in_group; ++i)
          for (int kh = 0; kh < S.kernel.h; ++kh) {
            const int ih = h * S.stride.h - S.pad.h + kh;
            if (ih < 0 || ih >= x.size.h) continue;
            for (int kw = 0; kw < S.kernel.w; ++kw) {
              const double w = row(weight, o, i, kh)[kw];
              const T* from = &x(n, first + i, ih, 0) + (kw - S.pad.w) * x.step.w;
              const auto [begin, end] = columns(kw, x.size.w, y.size.w);
              if (x.step.w == 1 && S.stride.w == 1)
                for (int ow = begin; ow < end; ++ow) sum[ow] += w * from[ow];
              else
                for (int ow = begin; ow < end; ++ow) sum[ow] += w * from[ow * S.stride.w * x.step.w];
            }
          }
        for (int w = 0; w < y.size.w; ++w) y(n, o, h, w) = T(sum[w]);
      }
    });
  }

  void backward(host_context& c, const backward_call<T>& call) const {
    if (call.d_in[0]) data(c, call);
    if (call.d_parameters[0]) weights(c, call);
    if (S.bias && call.d_parameters[1])
      c.threads.run(S.out, [&](int o) {
        double sum = 0;
        for (int n = 0; n < call.d_out.size.n; ++n)
          for (int h = 0; h < call.d_out.size.h; ++h)
            for (int w = 0; w < call.d_out.size.w; ++w) sum += call.d_out(n, o, h, w);
        call.d_parameters[1][o] += T(sum);
      });
  }

  void data(host_context& c, const backward_call<T>& call) const {
    const auto dx = call.d_in[0];
    const auto dy = call.d_out;
    c.for_each_plane(dx.size, [&](int n, int i) {
      std::vector<double> sum(dx.size.w);
      const int first = i / in_group * out_group;
      for (int h = 0; h < dx.size.h; ++h) {
        std::fill(sum.begin(), sum.end(), 0.0);
        for (int o = 0; o < out_group; ++o)
          for (int kh = 0; kh < S.kernel.h; ++kh) {
            const int up = h + S.pad.h - kh;
            if (up < 0 || up % S.stride.h || up / S.stride.h >= dy.size.h) continue;
            for (int kw = 0; kw < S.kernel.w; ++kw) {
              const double w = row(call.parameters[0], first + o, i % in_group, kh)[kw];
              const T* from = &dy(n, first + o, up / S.stride.h, 0);
              double* to = sum.data() + kw - S.pad.w;
              const auto [begin, end] = columns(kw, dx.size.w, dy.size.w);
              if (dy.step.w == 1 && S.stride.w == 1)
                for (int ow = begin; ow < end; ++ow) to[ow] += w * from[ow];
              else
                for (int ow = begin; ow < end; ++ow) to[ow * S.stride.w] += w * from[ow * dy.step.w];
            }
          }
        for (int w = 0; w < dx.size.w; ++w) put(dx(n, i, h, w), sum[w], call.write[0]);
      }
    });
  }

  void weights(host_context& c, const backward_call<T>& call) const {
    const auto x = call.in[0];
    const auto dy = call.d_out;
    c.threads.run(S.out * in_group, [&](int task) {
      const int o = task / in_group, i = task % in_group, channel = o / out_group * in_group + i;
      for (int kh = 0; kh < S.kernel.h; ++kh)
        for (int kw = 0; kw < S.kernel.w; ++kw) {
          double sum[8] = {};
          const auto [begin, end] = columns(kw, x.size.w, dy.size.w);
          for (int n = 0; n < dy.size.n; ++n)
            for (int h = 0; h < dy.size.h; ++h) {
              const int ih = h * S.stride.h - S.pad.h + kh;
              if (ih < 0 || ih >= x.size.h) continue;
              const T* from = &x(n, channel, ih, 0) + (kw - S.pad.w) * x.step.w;
              const T* g = &dy(n, o, h, 0);
              for (int w = begin; w < end; ++w) sum[w % 8] += double(g[w * dy.step.w]) * from[w * S.stride.w * x.step.w];
            }
          for (int k = 1; k < 8; ++k) sum[0] += sum[k];
          call.d_parameters[0][(std::ptrdiff_t(task) * S.kernel.h + kh) * S.kernel.w + kw] += T(sum[0]);
        }
    });
  }
};

}  // namespace backends

template <conv S, class T>
struct op<conv2d<S>, backends::reference<T>> {
  static void forward(backends::host_context& c, const forward_call<T>& call) { backends::convolution<T>{S}.forward(c, call); }
  static void backward(backends::host_context& c, const backward_call<T>& call) { backends::convolution<T>{S}.backward(c, call); }
};

}  // namespace viseme
