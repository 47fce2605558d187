// The windows of a convolution as rows of a matrix product: what RunGemm asks of Conv, in f32 and
// in quantized u8.
#pragma once

#include <cstring>

#include "runtime/ops/support/conv_geometry.h"
#include "runtime/ops/support/conv_points.h"
#include "runtime/ops/support/gemm.h"

namespace pare {

// GemmProblem::context. T: an element of x.
template <class T>
struct ConvOperands {
  const ConvGeometry* g;
  const T* x;
  const void *w, *addend;  // addend: or null
  const T* padding;        // what a tap outside x reads: PaddingElements
  void* y;
};

// As long as a tap; each group of channels has its own.
inline size_t PaddingElements(const ConvGeometry& g, const GemmSize& size) {
  const auto channels = static_cast<size_t>(g.channels);
  return size.k > channels ? size.k : channels;
}

template <class T>
void LocateConv(const GemmProblem& problem, size_t group, GemmGroup* out) {
  const auto& o = *static_cast<const ConvOperands<T>*>(problem.context);
  *out = {o.x + group * o.g->Depth(), o.w, o.addend, o.y, group * problem.size.n};
}

// Taps that are pixels of the window.
template <class T>
void PointPixels(const GemmProblem& problem, size_t group, size_t row, size_t count,
                 const void** pointers, void*) {
  const auto& o = *static_cast<const ConvOperands<T>*>(problem.context);
  const size_t first = group * o.g->Depth();
  PointConv(*o.g, o.x + first, o.padding + first, row, count, pointers, 1, count);
}

// Whether a line of the window lies in one piece where it is inside x.
inline bool LinesAreWhole(const ConvGeometry& g) {
  return g.group == 1 && (g.dilation[2] == 1 || g.kernel[2] == 1);
}

// Copies what a line of the window reads, from position `left` of an input line on.
template <class T>
void CopyLine(const ConvGeometry& g, const T* line, const T* padding, int64_t left, T* copy) {
  const size_t depth = g.Depth();
  std::memcpy(copy, padding, static_cast<size_t>(g.kernel[2]) * depth * sizeof(T));
  if (LinesAreWhole(g)) {
    const int64_t end = left + g.kernel[2] < g.in[2] ? left + g.kernel[2] : g.in[2];
    const int64_t begin = left < 0 ? 0 : left;
    if (begin >= end) return;
    std::memcpy(copy + (begin - left) * g.channels, line + begin * g.channels,
                static_cast<size_t>((end - begin) * g.channels) * sizeof(T));
    return;
  }
  for (int64_t k = 0; k < g.kernel[2]; ++k, left += g.dilation[2], copy += depth) {
    if (left >= 0 && left < g.in[2]) std::memcpy(copy, line + left * g.channels, depth * sizeof(T));
  }
}

// Taps that are lines of the window: pointers into x where one lies there in one piece, otherwise
// to a copy.
template <class T>
void PointLines(const GemmProblem& problem, size_t group, size_t row, size_t count,
                const void** pointers, void* patch) {
  const auto& o = *static_cast<const ConvOperands<T>*>(problem.context);
  const ConvGeometry& g = *o.g;
  const bool whole = LinesAreWhole(g);
  const size_t taps = problem.size.taps, tap_room = problem.size.patch / taps;
  const T* x = o.x + group * g.Depth();
  const int64_t step = g.stride[2];
  ForEachLine(g, row, count, [&](const PixelPosition& at, size_t first, size_t n) {
    const int64_t left = at.y[2] * step - g.pad[2];
    const auto left_of = [&](size_t i) { return left + static_cast<int64_t>(i) * step; };
    // Windows [begin, end) lie inside the line, in one piece.
    size_t begin = 0, end = whole ? n : 0;
    while (begin < end && left_of(begin) < 0) ++begin;
    while (begin < end && left_of(end - 1) + g.kernel[2] > g.in[2]) --end;
    for (size_t t = 0; t < taps; ++t) {
      const T* line = LineOf(g, x, at, static_cast<int64_t>(t));
      const void** out = pointers + t * count + first;
      const auto copy = [&](size_t i) {
        if (line == nullptr) return o.padding;
        T* to = static_cast<T*>(patch) + (first + i) * problem.size.patch + t * tap_room;
        CopyLine(g, line, o.padding, left_of(i), to);
        return static_cast<const T*>(to);
      };
      for (size_t i = 0; i < begin; ++i) out[i] = copy(i);
      const T* window = line == nullptr ? o.padding : line + left_of(begin) * g.channels;
      const int64_t apart = line == nullptr ? 0 : step * g.channels;
      for (size_t i = begin; i < end; ++i, window += apart) out[i] = window;
      for (size_t i = end; i < n; ++i) out[i] = copy(i);
    }
  });
}

}  // namespace pare
