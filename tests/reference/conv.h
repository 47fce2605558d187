// Convolutions in double, channels-last, one to three spatial dimensions: the oracle.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pare::reference {

// Spatial sizes are depth, height, width; those that a case lacks are 1.
struct ConvCase {
  using Size = std::array<int64_t, 3>;
  int64_t batch = 1, channels = 1, filters = 1, group = 1;
  Size in{1, 1, 1}, kernel{1, 1, 1}, stride{1, 1, 1}, dilation{1, 1, 1};
  Size begin{0, 0, 0}, end{0, 0, 0};  // padding
  Size extra{0, 0, 0};                // output padding of a transposed convolution

  Size Out() const {
    Size out;
    for (size_t i = 0; i < 3; ++i)
      out[i] = (in[i] + begin[i] + end[i] - (kernel[i] - 1) * dilation[i] - 1) / stride[i] + 1;
    return out;
  }
  Size OutTransposed() const {
    Size out;
    for (size_t i = 0; i < 3; ++i) {
      out[i] = (in[i] - 1) * stride[i] + extra[i] + (kernel[i] - 1) * dilation[i] + 1 - begin[i] -
               end[i];
    }
    return out;
  }
};

inline int64_t Product(const ConvCase::Size& s) { return s[0] * s[1] * s[2]; }

// Calls f(in pixel, out pixel, tap) for every pair that a filter tap joins within an image.
template <class F>
void ForEachTap(const ConvCase& c, const ConvCase::Size& big, const ConvCase::Size& small,
                const F& f) {
  // small[i] * stride + tap * dilation - begin = big[i], for both directions of convolution.
  ConvCase::Size s, t;
  for (s[0] = 0; s[0] < small[0]; ++s[0]) {
    for (s[1] = 0; s[1] < small[1]; ++s[1]) {
      for (s[2] = 0; s[2] < small[2]; ++s[2]) {
        for (t[0] = 0; t[0] < c.kernel[0]; ++t[0]) {
          for (t[1] = 0; t[1] < c.kernel[1]; ++t[1]) {
            for (t[2] = 0; t[2] < c.kernel[2]; ++t[2]) {
              ConvCase::Size b;
              bool inside = true;
              for (size_t i = 0; i < 3; ++i) {
                b[i] = s[i] * c.stride[i] + t[i] * c.dilation[i] - c.begin[i];
                inside = inside && b[i] >= 0 && b[i] < big[i];
              }
              if (!inside) continue;
              f((b[0] * big[1] + b[1]) * big[2] + b[2], (s[0] * small[1] + s[1]) * small[2] + s[2],
                (t[0] * c.kernel[1] + t[1]) * c.kernel[2] + t[2]);
            }
          }
        }
      }
    }
  }
}

// x [N, in..., C], w [M, kernel..., C/group], bias [M] or empty -> y [N, out..., M].
inline std::vector<double> Conv(const ConvCase& c, const std::vector<float>& x,
                                const std::vector<float>& w, const std::vector<float>& bias,
                                bool transposed = false) {
  const auto out = transposed ? c.OutTransposed() : c.Out();
  const int64_t in_pixels = Product(c.in), out_pixels = Product(out), taps = Product(c.kernel);
  const int64_t depth = c.channels / c.group, per_group = c.filters / c.group;
  std::vector<double> y(static_cast<size_t>(c.batch * out_pixels * c.filters));
  for (size_t i = 0; i < y.size() && !bias.empty(); ++i)
    y[i] = bias[i % static_cast<size_t>(c.filters)];
  for (int64_t n = 0; n < c.batch; ++n) {
    ForEachTap(
        c, transposed ? out : c.in, transposed ? c.in : out,
        [&](int64_t big, int64_t small, int64_t tap) {
          const int64_t from = transposed ? small : big, to = transposed ? big : small;
          for (int64_t m = 0; m < c.filters; ++m) {
            double sum = 0;
            for (int64_t k = 0; k < depth; ++k) {
              const int64_t channel = m / per_group * depth + k;
              sum += static_cast<double>(
                         x[static_cast<size_t>((n * in_pixels + from) * c.channels + channel)]) *
                     static_cast<double>(w[static_cast<size_t>((m * taps + tap) * depth + k)]);
            }
            y[static_cast<size_t>((n * out_pixels + to) * c.filters + m)] += sum;
          }
        });
  }
  return y;
}

}  // namespace pare::reference
