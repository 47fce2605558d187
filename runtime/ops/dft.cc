// Dft: the discrete Fourier transform along an axis of real [..., 1] or complex [..., 2] numbers.
// Lengths that are powers of two take n log n steps, others n * n.
#include <cmath>

#include "model_generated.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"

namespace pare {
namespace {

constexpr int64_t kMostLength = int64_t{1} << 30;

struct Complex {
  double re, im;
};

Complex operator*(Complex a, Complex b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

Status ReadLength(const NodeView& node, bool running, int64_t size, int64_t* length) {
  *length = size;
  int count = 1;
  if (node.In(1) != nullptr) PARE_TRY(ReadArguments(node, 1, nullptr, running, length, 1, &count));
  if (count != 1 || *length < 1 || *length > kMostLength) {
    return ShapeError("Dft: the length must be a positive number");
  }
  return Ok();
}

Status Infer(const NodeView& node) {
  const Tensor& x = *node.In(0);
  const auto& attributes = node.Attributes<fb::Dft>();
  const int last = x.shape.rank - 1;
  if (x.dtype != DType::kF32 || last < 1 || x.shape[last] < 1 || x.shape[last] > 2) {
    return ShapeError("Dft: needs f32 numbers in a last dimension of 1 (real) or 2 (complex)");
  }
  int64_t axis = attributes.axis();
  if (!NormalizeAxis(x.shape.rank, &axis) || axis == last) {
    return ShapeError("Dft: the axis is outside the rank, or is that of the numbers' parts");
  }
  if (attributes.onesided() && (attributes.inverse() || x.shape[last] != 1)) {
    return Error(Code::kUnsupported, "Dft: only a forward transform of real numbers is onesided");
  }
  int64_t length;
  PARE_TRY(ReadLength(node, false, x.shape[static_cast<int>(axis)], &length));
  Shape shape = x.shape;
  shape[static_cast<int>(axis)] = attributes.onesided() ? length / 2 + 1 : length;
  shape[last] = 2;
  return SetCheckedOutput(node, 0, DType::kF32, shape);
}

// Roots of unity and the lane.
Status PlanDft(PlanContext& context) {
  int64_t axis = context.Attributes<fb::Dft>().axis();
  NormalizeAxis(context.In(0)->shape.rank, &axis);
  int64_t length;
  PARE_TRY(ReadLength(context, false, context.In(0)->shape[static_cast<int>(axis)], &length));
  context.scratch_bytes = 3 * static_cast<uint64_t>(length) * sizeof(Complex);
  return Ok();
}

void FillRoots(int64_t n, bool inverse, Complex* roots) {
  const double turn = (inverse ? 2 : -2) * 3.14159265358979323846 / static_cast<double>(n);
  for (int64_t i = 0; i < n; ++i) {
    roots[i] = {std::cos(turn * static_cast<double>(i)), std::sin(turn * static_cast<double>(i))};
  }
}

// In place, n a power of two.
void Fast(int64_t n, const Complex* roots, Complex* v) {
  for (int64_t i = 1, j = 0; i < n; ++i) {
    int64_t bit = n >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      const Complex t = v[i];
      v[i] = v[j];
      v[j] = t;
    }
  }
  for (int64_t half = 1; half < n; half *= 2) {
    const int64_t step = n / (2 * half);
    for (int64_t start = 0; start < n; start += 2 * half) {
      for (int64_t i = 0; i < half; ++i) {
        const Complex a = v[start + i], b = v[start + i + half] * roots[i * step];
        v[start + i] = {a.re + b.re, a.im + b.im};
        v[start + i + half] = {a.re - b.re, a.im - b.im};
      }
    }
  }
}

void Slow(int64_t n, const Complex* roots, const Complex* v, Complex* y) {
  for (int64_t k = 0; k < n; ++k) {
    Complex sum = {0, 0};
    int64_t turn = 0;
    for (int64_t i = 0; i < n; ++i) {
      const Complex term = v[i] * roots[turn];
      sum.re += term.re;
      sum.im += term.im;
      turn += k;
      if (turn >= n) turn -= n;
    }
    y[k] = sum;
  }
}

Status Run(const RunContext& context) {
  const Tensor& x = *context.In(0);
  const Tensor* out = context.Out(0);
  if (out == nullptr || out->Elements() == 0) return Ok();
  const auto& attributes = context.Attributes<fb::Dft>();
  const int rank = x.shape.rank;
  int64_t axis = attributes.axis();
  NormalizeAxis(rank, &axis);
  const int at = static_cast<int>(axis);
  const int64_t size = x.shape[at], kept = out->shape[at], parts = x.shape[rank - 1];
  int64_t n;
  PARE_TRY(ReadLength(context, true, size, &n));
  const int64_t outer = x.shape.Elements(0, at), inner = x.shape.Elements(at + 1, rank - 1);
  auto* roots = reinterpret_cast<Complex*>(context.scratch);
  Complex *lane = roots + n, *spare = lane + n;
  FillRoots(n, attributes.inverse(), roots);
  const double scale = attributes.inverse() ? 1 / static_cast<double>(n) : 1;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      const float* from = x.Data<float>() + (o * size * inner + i) * parts;
      for (int64_t k = 0; k < n; ++k) {
        const float* p = from + k * inner * parts;
        lane[k] = k >= size ? Complex{0, 0}
                            : Complex{static_cast<double>(p[0]),
                                      parts == 2 ? static_cast<double>(p[1]) : 0};
      }
      const bool fast = (n & (n - 1)) == 0;
      if (fast) {
        Fast(n, roots, lane);
      } else {
        Slow(n, roots, lane, spare);
      }
      const Complex* result = fast ? lane : spare;
      float* to = out->Data<float>() + (o * kept * inner + i) * 2;
      for (int64_t k = 0; k < kept; ++k) {
        to[k * inner * 2] = static_cast<float>(result[k].re * scale);
        to[k * inner * 2 + 1] = static_cast<float>(result[k].im * scale);
      }
    }
  }
  return Ok();
}

}  // namespace

extern const OpDef kDftOp = {"Dft", 1, 2, 1, 1, Infer, PlanDft, Run};

}  // namespace pare
