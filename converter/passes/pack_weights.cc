// The last pass: weights of MatMul, Conv and ConvTranspose are laid out as the kernels read them,
// and with --quantize f16 large weights are stored in half precision.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <tuple>
#include <utility>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

constexpr int64_t kSmallWeight = 1024;  // elements; smaller weights stay f32

// f16 has no number beyond this: such a weight stays f32.
constexpr float kLargestHalf = 65504;

bool FitsHalf(const Weight& weight) {
  if (weight.dtype != DType::kF32 || weight.shape.Elements() < kSmallWeight) return false;
  const float* data = weight.Data<float>();
  for (int64_t i = 0; i < weight.shape.Elements(); ++i) {
    if (!(std::fabs(data[i]) <= kLargestHalf)) return false;
  }
  return true;
}

Weight ToHalf(const Weight& weight) {
  Weight half = weight;
  half.dtype = DType::kF16;
  std::byte* bytes;
  const auto count = static_cast<size_t>(weight.shape.Elements());
  half.bytes = Bytes::Allocate(count * sizeof(uint16_t), &bytes);
  auto* out = reinterpret_cast<uint16_t*>(bytes);
  const float* in = weight.Data<float>();
  for (size_t i = 0; i < count; ++i) out[i] = FloatToHalf(in[i]);
  return half;
}

// [k, n] -> [n, k]
Weight TransposeMatrix(const Weight& weight) {
  Weight result = weight;
  const int64_t k = weight.shape[0], n = weight.shape[1];
  result.shape[0] = n;
  result.shape[1] = k;
  std::byte* bytes;
  result.bytes = Bytes::Allocate(weight.bytes.size, &bytes);
  auto* out = reinterpret_cast<float*>(bytes);
  const float* in = weight.Data<float>();
  constexpr int64_t kBlock = 32;  // keeps both sides in cache
  for (int64_t i0 = 0; i0 < n; i0 += kBlock) {
    for (int64_t j0 = 0; j0 < k; j0 += kBlock) {
      for (int64_t i = i0; i < std::min(n, i0 + kBlock); ++i) {
        for (int64_t j = j0; j < std::min(k, j0 + kBlock); ++j) out[i * k + j] = in[j * n + i];
      }
    }
  }
  return result;
}

// `rows` is plain, [n, k...].
Weight Pack(const Weight& rows, Layout layout) {
  Weight packed = rows;
  packed.layout = layout;
  const auto n = static_cast<size_t>(rows.shape[0]);
  const auto k = static_cast<size_t>(rows.shape.Elements(1, rows.shape.rank));
  std::byte* bytes;
  if (layout == Layout::kT16) {
    packed.bytes = Bytes::Allocate(PackedBytesT16(rows.dtype, n, k), &bytes);
    PackT16(rows.dtype, rows.bytes.data, n, k, bytes);
  } else {
    packed.bytes = Bytes::Allocate(PackedBytesDepthwise16(rows.dtype, n, k), &bytes);
    PackDepthwise16(rows.dtype, rows.bytes.data, n, k, bytes);
  }
  if (packed.origins.empty() && !packed.name.empty()) {
    fb::OriginT origin;
    origin.tensor = packed.name;
    origin.row_end = rows.shape[0];
    packed.origins.push_back(std::move(origin));
  }
  return packed;
}

class Packer {
 public:
  Packer(Rewriter& rewriter, bool half)
      : rewriter_(rewriter), graph_(rewriter.graph()), half_(half) {}

  void PackNode(Node* n) {
    const Weight* weight = graph_.ConstantOf(InputOf(n, 1));
    if (weight == nullptr || weight->layout != Layout::kPlain || weight->dtype != DType::kF32 ||
        weight->shape.rank < 2 || weight->shape.Elements() == 0)
      return;
    if (fb::MatMulT* matmul = n->op.AsMatMul()) {
      if (weight->shape.rank != 2) return;
      SetWeight(n, Layout::kT16, !matmul->trans_b);
      matmul->trans_b = true;
    } else if (const fb::ConvT* conv = n->op.AsConv()) {
      const bool depthwise = conv->group > 1 && weight->shape[0] == conv->group &&
                             weight->shape[weight->shape.rank - 1] == 1;
      SetWeight(n, depthwise ? Layout::kDepthwise16 : Layout::kT16, false);
    } else if (n->op.type == fb::Op::ConvTranspose) {
      SetWeight(n, Layout::kT16, false);
    }
  }

  // What no kernel reads in half precision is cast back: a table after rows were taken from it,
  // anything else before it is used.
  void StoreHalf(Node* n) {
    if (!half_) return;
    for (size_t i = 0; i < n->inputs.size(); ++i) {
      const Weight* weight = graph_.ConstantOf(n->inputs[i]);
      if (weight == nullptr || weight->layout != Layout::kPlain || !FitsHalf(*weight)) continue;
      const bool table = n->op.type == fb::Op::Gather && i == 0;
      const ValueId half = HalfOf(n->inputs[i]);
      if (table) {
        CastResult(n, half);
      } else {
        rewriter_.SetInput(n, i, CastOf(half));
      }
    }
  }

 private:
  struct Key {
    ValueId v;
    Layout layout;
    bool transposed;
    bool operator<(const Key& o) const {
      return std::tie(v, layout, transposed) < std::tie(o.v, o.layout, o.transposed);
    }
  };

  void SetWeight(Node* n, Layout layout, bool transpose) {
    const ValueId v = n->inputs[1];
    const auto [found, inserted] = packed_.emplace(Key{v, layout, transpose}, kAbsent);
    if (inserted) {
      const Weight* weight = graph_.ConstantOf(v);
      Weight rows = transpose ? TransposeMatrix(*weight) : *weight;
      // Depthwise weights are few, and their kernel reads f32.
      if (half_ && layout == Layout::kT16 && FitsHalf(rows)) rows = ToHalf(rows);
      found->second = rewriter_.NewWeight(Pack(rows, layout));
    }
    rewriter_.SetInput(n, 1, found->second);
    // The plain bytes go as soon as nobody needs them: memory stays near the model's size.
    if (rewriter_.Unused(v)) graph_.weights[graph_.values[v].weight].bytes = Bytes();
  }

  ValueId HalfOf(ValueId v) {
    const auto [found, inserted] = half_of_.emplace(v, kAbsent);
    if (inserted) found->second = rewriter_.NewWeight(ToHalf(*graph_.ConstantOf(v)));
    return found->second;
  }
  ValueId CastOf(ValueId half) {
    const auto [found, inserted] = cast_of_.emplace(half, kAbsent);
    if (inserted) {
      const Value value = graph_.values[half];
      found->second = rewriter_.NewValue(value.name + "/f32", DType::kF32, value.shape);
      fb::CastT cast;
      cast.to = fb::DType::F32;
      rewriter_.Add(value.name + "/f32", cast, {half}, {found->second});
    }
    return found->second;
  }
  void CastResult(Node* gather, ValueId half) {
    const ValueId y = gather->outputs[0];
    const Value value = graph_.values[y];
    const ValueId rows = rewriter_.NewValue(value.name + "/f16", DType::kF16);
    graph_.values[rows].shape = value.shape;
    graph_.values[rows].has_shape = value.has_shape;
    rewriter_.SetInput(gather, 0, half);
    rewriter_.SetOutput(gather, 0, rows);
    fb::CastT cast;
    cast.to = fb::DType::F32;
    rewriter_.Add(gather->name + "/f32", cast, {rows}, {y});
  }

  Rewriter& rewriter_;
  Graph& graph_;
  const bool half_;
  std::map<Key, ValueId> packed_;
  std::map<ValueId, ValueId> half_of_, cast_of_;
};

}  // namespace

Status PackWeights(Graph& graph, const Options& options) {
  {
    Rewriter rewriter(graph);
    Packer packer(rewriter, options.weights == WeightFormat::kF16);
    for (Node* n : rewriter.Nodes()) packer.PackNode(n);
    for (Node* n : rewriter.Nodes()) {
      if (n->op.type != fb::Op::Cast) packer.StoreHalf(n);
    }
  }
  CompactValues(graph);
  return Ok();
}

}  // namespace pare::converter
