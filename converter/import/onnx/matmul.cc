// Products of matrices.
#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

Status ImportMatMul(OnnxNode& n) {
  fb::MatMulT op;
  if (n.op() == "FusedMatMul") {
    op.alpha = n.Float("alpha", 1);
    op.trans_a = n.Int("transA", 0) != 0;
    op.trans_b = n.Int("transB", 0) != 0;
    if (n.Int("transBatchA", 0) != 0 || n.Int("transBatchB", 0) != 0)
      return Unsupported("transposed batches");
  }
  return n.Emit(std::move(op), {n.In(0), n.In(1)});
}

Status ImportGemm(OnnxNode& n) {
  fb::MatMulT op;
  op.alpha = n.Float("alpha", 1);
  op.trans_a = n.Int("transA", 0) != 0;
  op.trans_b = n.Int("transB", 0) != 0;
  const float beta = n.Float("beta", 1);
  if (n.In(2) == kAbsent || beta == 0) return n.Emit(std::move(op), {n.In(0), n.In(1)});
  const ValueId product = n.Make(std::move(op), {n.In(0), n.In(1)});
  ValueId c = n.In(2);
  std::vector<float> values;
  if (beta != 1 && n.Of(c).dtype == DType::kF32 && n.FloatsOf(c, &values)) {
    const Shape shape = n.graph().ConstantOf(c)->shape;
    for (float& v : values) v *= beta;
    c = n.Constant<float>(shape, values);
  } else if (beta != 1) {
    c = n.Binary(fb::BinaryKind::Mul, c, n.ScalarLike(c, beta));
  }
  return n.Emit(MakeBinary(fb::BinaryKind::Add), {product, c});
}

Status ImportEinsum(OnnxNode& n) {
  fb::EinsumT op;
  op.equation = n.String("equation", "");
  return n.Emit(std::move(op), n.Inputs());
}

Status ImportDet(OnnxNode& n) { return n.Emit(fb::DetT{}, {n.In(0)}); }

constexpr OnnxOp kOps[] = {
    {"Det", ImportDet},
    {"Einsum", ImportEinsum},
    {"FusedMatMul", ImportMatMul, 2, 1, "com.microsoft"},
    {"Gemm", ImportGemm, 2},
    {"MatMul", ImportMatMul, 2},
};

}  // namespace

OnnxOps MatmulOnnxOps() { return kOps; }

}  // namespace pare::converter
