// Operators that read and make quantized tensors (QLinear*): the float operator between real
// numbers.
#include <cstring>

#include "converter/import/onnx/ops.h"
#include "converter/import/onnx/quantized.h"

namespace pare::converter {

namespace {

// The inputs are `tensors` times a tensor, its scale and its zero point, then the result's scale
// and zero point.
struct Row {
  const char* name;
  const char* op;  // of ai.onnx
  int tensors;
};
constexpr Row kRows[] = {
    {"QLinearAdd", "Add", 2},
    {"QLinearAveragePool", "AveragePool", 1},
    {"QLinearConv", "Conv", 2},
    {"QLinearGlobalAveragePool", "GlobalAveragePool", 1},
    {"QLinearLeakyRelu", "LeakyRelu", 1},
    {"QLinearMatMul", "MatMul", 2},
    {"QLinearMul", "Mul", 2},
    {"QLinearSigmoid", "Sigmoid", 1},
    {"QLinearSoftmax", "Softmax", 1},
};

// Along which axis tensor i has several scales: filters, rows of the first and columns of the
// second matrix.
int64_t AxisOf(const Row& row, int i) {
  if (std::strcmp(row.op, "Conv") == 0) return 0;
  if (std::strcmp(row.op, "MatMul") == 0) return i == 0 ? -2 : -1;
  return 1;
}

Result<ValueId> RealInput(OnnxNode& n, int first, int64_t axis) {
  Scaling scaling = {n.In(first + 1), n.In(first + 2)};
  scaling.axis = axis;
  if (n.In(first) == kAbsent || scaling.scale == kAbsent)
    return Malformed("it lacks an input or a scale");
  return Dequantized(n, n.In(first), scaling);
}

// A bias of i32 is in steps of the product of both scales.
Result<ValueId> RealBias(OnnxNode& n, int bias, ValueId a, ValueId b) {
  if (n.In(bias) == kAbsent) return kAbsent;
  Scaling scaling = {n.Product(a, b)};
  scaling.axis = 0;
  return Dequantized(n, n.In(bias), scaling);
}

Status EmitResult(OnnxNode& n, ValueId y, ValueId scale, ValueId zero) {
  const DType type = zero == kAbsent ? n.Of(n.In(0)).dtype : n.Of(zero).dtype;
  return EmitQuantized(n, 0, y, {scale, zero}, type, 8);
}

Status ImportRow(OnnxNode& n) {
  const Row* row = std::find_if(std::begin(kRows), std::end(kRows),
                                [&](const Row& r) { return n.op() == r.name; });
  if (n.Int("channels_last", 0) != 0) return Unsupported("images with channels last");
  std::vector<ValueId> inputs;
  for (int i = 0; i < row->tensors; ++i)
    inputs.push_back(PARE_TRY(RealInput(n, 3 * i, AxisOf(*row, i))));
  const int result = 3 * row->tensors;
  if (n.In(result) == kAbsent) return Malformed("it lacks the scale of its result");
  if (std::strcmp(row->op, "Conv") == 0)
    inputs.push_back(PARE_TRY(RealBias(n, result + 2, n.In(1), n.In(4))));
  const std::vector<ValueId> made = PARE_TRY(ImportTwin(n, row->op, inputs));
  return EmitResult(n, made[0], n.In(result), n.In(result + 1));
}

// The result's scale and zero point, then a tensor, its scale and its zero point each.
Status ImportConcat(OnnxNode& n) {
  std::vector<ValueId> inputs;
  for (int i = 2; i < n.input_count(); i += 3) inputs.push_back(PARE_TRY(RealInput(n, i, 1)));
  const std::vector<ValueId> made = PARE_TRY(ImportTwin(n, "Concat", inputs));
  return EmitQuantized(n, 0, made[0], {n.In(0), n.In(1)}, n.Of(n.In(2)).dtype, 8);
}

// A, B and a bias in steps of alpha times both scales; without a scale of its own the result is
// f32.
Status ImportGemm(OnnxNode& n) {
  const int64_t columns = n.Int("transB", 0) != 0 ? 0 : 1;
  std::vector<ValueId> inputs = {PARE_TRY(RealInput(n, 0, 1)), PARE_TRY(RealInput(n, 3, columns))};
  ValueId scale = n.In(1);
  const float alpha = n.Float("alpha", 1);
  if (alpha != 1) scale = n.Product(scale, n.Scalar<float>(alpha));
  inputs.push_back(PARE_TRY(RealBias(n, 6, scale, n.In(4))));
  const std::vector<ValueId> made = PARE_TRY(ImportTwin(n, "Gemm", inputs));
  if (n.In(7) != kAbsent) return EmitResult(n, made[0], n.In(7), n.In(8));
  n.Alias(0, made[0]);
  return Ok();
}

constexpr OnnxOp kOps[] = {
    {"QGemm", ImportGemm, 5, 1, "com.microsoft"},
    {"QLinearAdd", ImportRow, 5, 1, "com.microsoft"},
    {"QLinearAveragePool", ImportRow, 2, 1, "com.microsoft"},
    {"QLinearConcat", ImportConcat, 4, 1, "com.microsoft"},
    {"QLinearConv", ImportRow, 8, 10},
    {"QLinearConv", ImportRow, 8, 1, "com.microsoft"},
    {"QLinearGlobalAveragePool", ImportRow, 2, 1, "com.microsoft"},
    {"QLinearLeakyRelu", ImportRow, 2, 1, "com.microsoft"},
    {"QLinearMatMul", ImportRow, 8, 10},
    {"QLinearMul", ImportRow, 5, 1, "com.microsoft"},
    {"QLinearSigmoid", ImportRow, 2, 1, "com.microsoft"},
    {"QLinearSoftmax", ImportRow, 2, 1, "com.microsoft"},
};

}  // namespace

OnnxOps QLinearOnnxOps() { return kOps; }

}  // namespace pare::converter
