// Einsum: sums of products over named dimensions. Two inputs are gathered into matrices and
// multiplied; any other number takes the general loop.
#include <cstring>

#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/ops/op.h"
#include "runtime/ops/support/arguments.h"
#include "runtime/ops/support/einsum_equation.h"
#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

Status Parse(const NodeView& node, EinsumEquation* equation) {
  const auto* text = node.Attributes<fb::Einsum>().equation();
  if (text == nullptr) return ShapeError("Einsum: the equation is missing");
  return ParseEinsum(text->c_str(), text->size(), node, equation);
}

Status Infer(const NodeView& node) {
  const DType type = node.In(0)->dtype;
  if (type != DType::kF32 && type != DType::kI32 && type != DType::kI64) {
    return ShapeError("Einsum: must be f32, i32 or i64; insert a Cast");
  }
  EinsumEquation equation;
  PARE_TRY(Parse(node, &equation));
  for (uint32_t i = 0; i < node.input_count; ++i) {
    if (node.In(i)->dtype != type || node.In(i)->layout != Layout::kPlain) {
      return ShapeError("Einsum: the inputs differ in type, or one is a packed weight");
    }
  }
  return SetCheckedOutput(node, 0, type, equation.OutputShape());
}

// Two inputs as matrices: a [batch, m, k], b [batch, k, n], y [batch, m, n].
struct Matrices {
  int label_count[4] = {};  // of batch, m, n, k
  int8_t labels[4][kMaxEinsumLabels];
  int64_t size[4] = {1, 1, 1, 1};
};
enum Group { kBatch, kM, kN, kK };

bool Has(const EinsumTerm& term, int label) {
  for (int i = 0; i < term.rank; ++i) {
    if (term.labels[i] == label) return true;
  }
  return false;
}

// False where the inputs are not two, are empty, or one has a dimension that only it sums over.
bool MakeMatrices(const EinsumEquation& e, Matrices* m) {
  if (e.terms != 2) return false;
  for (int label = 0; label < e.label_count; ++label) {
    const bool a = Has(e.in[0], label), b = Has(e.in[1], label), y = Has(e.out, label);
    if (e.sizes[label] == 0 || (!y && !(a && b))) return false;
    const Group group = !y ? kK : a && b ? kBatch : a ? kM : kN;
    m->labels[group][m->label_count[group]++] = static_cast<int8_t>(label);
    if (!CheckedMultiply(m->size[group], e.sizes[label], &m->size[group])) return false;
  }
  return true;
}

struct MatrixBytes {
  uint64_t a, b, y;
};

// Scratch of the three, or false where it overflows.
bool BytesOf(const Matrices& m, size_t element, MatrixBytes* bytes) {
  return CheckedBytes({3, {m.size[kBatch], m.size[kM], m.size[kK]}}, element, &bytes->a) &&
         CheckedBytes({3, {m.size[kBatch], m.size[kK], m.size[kN]}}, element, &bytes->b) &&
         CheckedBytes({3, {m.size[kBatch], m.size[kM], m.size[kN]}}, element, &bytes->y);
}

Status PlanEinsum(PlanContext& context) {
  EinsumEquation equation;
  PARE_TRY(Parse(context, &equation));
  Matrices matrices;
  MatrixBytes bytes;
  if (!MakeMatrices(equation, &matrices)) return Ok();
  if (!BytesOf(matrices, SizeOf(context.In(0)->dtype), &bytes)) {
    return ShapeError("Einsum: the inputs broadcast to more than fits into memory");
  }
  context.scratch_bytes = AlignUp(bytes.a) + AlignUp(bytes.b) + AlignUp(bytes.y);
  return Ok();
}

// Copies between a tensor with strides (elements) by label and the matrix of three groups.
void CopyMatrix(const EinsumEquation& e, const Matrices& m, const Group* groups,
                const int64_t* strides, size_t element, void* tensor, void* matrix,
                bool into_matrix, const ThreadPool* threads) {
  int64_t matrix_stride = static_cast<int64_t>(element);
  for (int g = 0; g < 3; ++g) matrix_stride *= m.size[groups[g]];
  StridedCopy copy(element);
  for (int g = 0; g < 3; ++g) {
    for (int i = 0; i < m.label_count[groups[g]]; ++i) {
      const auto label = static_cast<uint8_t>(m.labels[groups[g]][i]);
      matrix_stride /= e.sizes[label];
      const int64_t stride = strides[label] * static_cast<int64_t>(element);
      copy.Add(e.sizes[label], into_matrix ? stride : matrix_stride,
               into_matrix ? matrix_stride : stride);
    }
  }
  copy.Run(into_matrix ? tensor : matrix, into_matrix ? matrix : tensor, threads);
}

template <class T>
void MultiplyRow(const T* a, const T* b, int64_t k, int64_t n, T* y) {
  for (int64_t j = 0; j < n; ++j) y[j] = 0;
  for (int64_t i = 0; i < k; ++i) {
    const T factor = a[i];
    const T* row = b + i * n;
    for (int64_t j = 0; j < n; ++j) y[j] += factor * row[j];
  }
}

// Unsigned integers wrap where signed ones must not.
template <class T>
void Multiply(const RunContext& context, const EinsumEquation& e, const Matrices& m) {
  const Tensor &a = *context.In(0), &b = *context.In(1), &y = *context.Out(0);
  MatrixBytes bytes;
  BytesOf(m, sizeof(T), &bytes);
  auto* ma = reinterpret_cast<T*>(context.scratch);
  auto* mb = reinterpret_cast<T*>(context.scratch + AlignUp(bytes.a));
  auto* my = reinterpret_cast<T*>(context.scratch + AlignUp(bytes.a) + AlignUp(bytes.b));
  int64_t strides[kMaxEinsumLabels];
  constexpr Group kA[] = {kBatch, kM, kK}, kB[] = {kBatch, kK, kN}, kY[] = {kBatch, kM, kN};
  e.Strides(e.in[0], a.shape, strides);
  CopyMatrix(e, m, kA, strides, sizeof(T), a.data, ma, true, context.threads);
  e.Strides(e.in[1], b.shape, strides);
  CopyMatrix(e, m, kB, strides, sizeof(T), b.data, mb, true, context.threads);
  const int64_t rows = m.size[kM], k = m.size[kK], n = m.size[kN];
  constexpr int64_t kProductsPerTask = 16384;
  context.threads->ForRange(
      static_cast<size_t>(m.size[kBatch] * rows),
      static_cast<size_t>(1 + kProductsPerTask / (k * n)), [&](size_t begin, size_t end, size_t) {
        for (auto i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
          MultiplyRow(ma + i * k, mb + i / rows * k * n, k, n, my + i * n);
        }
      });
  e.Strides(e.out, y.shape, strides);
  CopyMatrix(e, m, kY, strides, sizeof(T), y.data, my, false, context.threads);
}

// Counts through the sizes of some labels and keeps the place in every input.
class Odometer {
 public:
  explicit Odometer(const EinsumEquation& e) : equation_(e) {}
  void Add(int label, const int64_t (*strides)[kMaxEinsumLabels]) {
    Wheel& wheel = wheels_[count_++];
    wheel.size = equation_.sizes[label];
    for (int t = 0; t < equation_.terms; ++t) wheel.strides[t] = strides[t][label];
    empty_ |= wheel.size == 0;
  }
  bool empty() const { return empty_; }
  // False after the last position; offsets are then back where they were.
  bool Next(int64_t* offsets) {
    for (int i = count_ - 1; i >= 0; --i) {
      Wheel& wheel = wheels_[i];
      for (int t = 0; t < equation_.terms; ++t) offsets[t] += wheel.strides[t];
      if (++wheel.at < wheel.size) return true;
      for (int t = 0; t < equation_.terms; ++t) offsets[t] -= wheel.strides[t] * wheel.size;
      wheel.at = 0;
    }
    return false;
  }

 private:
  struct Wheel {
    int64_t size = 0, at = 0;
    int64_t strides[kMaxEinsumTerms] = {};
  };
  const EinsumEquation& equation_;
  Wheel wheels_[kMaxEinsumLabels];
  int count_ = 0;
  bool empty_ = false;
};

template <class T>
void General(const RunContext& context, const EinsumEquation& e) {
  const Tensor& y = *context.Out(0);
  if (y.Elements() == 0) return;
  int64_t strides[kMaxEinsumTerms][kMaxEinsumLabels];
  const T* data[kMaxEinsumTerms];
  for (int t = 0; t < e.terms; ++t) {
    const Tensor& in = *context.In(static_cast<uint32_t>(t));
    e.Strides(e.in[t], in.shape, strides[t]);
    data[t] = in.Data<const T>();
  }
  Odometer kept(e), summed(e);
  for (int i = 0; i < e.out.rank; ++i) kept.Add(e.out.labels[i], strides);
  for (int label = 0; label < e.label_count; ++label) {
    if (!Has(e.out, label)) summed.Add(label, strides);
  }
  int64_t offsets[kMaxEinsumTerms] = {};
  T* to = y.Data<T>();
  do {
    T sum = 0;
    if (!summed.empty()) {
      do {
        T product = 1;
        for (int t = 0; t < e.terms; ++t) product *= data[t][offsets[t]];
        sum += product;
      } while (summed.Next(offsets));
    }
    *to++ = sum;
  } while (kept.Next(offsets));
}

template <class T>
void Compute(const RunContext& context, const EinsumEquation& equation) {
  Matrices matrices;
  if (MakeMatrices(equation, &matrices)) {
    Multiply<T>(context, equation, matrices);
  } else {
    General<T>(context, equation);
  }
}

Status Run(const RunContext& context) {
  if (context.Out(0) == nullptr) return Ok();
  EinsumEquation equation;
  PARE_TRY(Parse(context, &equation));
  switch (context.In(0)->dtype) {
    case DType::kF32: Compute<float>(context, equation); break;
    case DType::kI32: Compute<uint32_t>(context, equation); break;
    default: Compute<uint64_t>(context, equation);
  }
  return Ok();
}

}  // namespace

extern const OpDef kEinsumOp = {"Einsum", 1, kMany, 1, 1, Infer, PlanEinsum, Run};

}  // namespace pare
