// Weights of MatMul, Conv and ConvTranspose are laid out as the kernels read them.
#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>
#include <utility>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

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
  explicit Packer(Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()) {}

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
      const Weight rows = transpose ? TransposeMatrix(*weight) : *weight;
      found->second = rewriter_.NewWeight(Pack(rows, layout));
    }
    rewriter_.SetInput(n, 1, found->second);
    // The plain bytes go as soon as nobody needs them: memory stays near the model's size.
    if (rewriter_.Unused(v)) graph_.weights[graph_.values[v].weight].bytes = Bytes();
  }

  Rewriter& rewriter_;
  Graph& graph_;
  std::map<Key, ValueId> packed_;
};

}  // namespace

Status PackWeights(Graph& graph, const Options&) {
  {
    Rewriter rewriter(graph);
    Packer packer(rewriter);
    for (Node* n : rewriter.Nodes()) packer.PackNode(n);
  }
  CompactValues(graph);
  return Ok();
}

}  // namespace pare::converter
