// Weights of MatMul, Conv and ConvTranspose are laid out as the kernels read them.
#include <map>
#include <tuple>
#include <utility>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "runtime/layout/layout.h"

namespace pare::converter {
namespace {

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
    const Weight* weight = PlainF32(graph_, InputOf(n, 1));
    if (weight == nullptr || weight->shape.rank < 2 || weight->shape.Elements() == 0) return;
    if (fb::MatMulT* matmul = n->op.AsMatMul()) {
      if (weight->shape.rank != 2) return;
      SetWeight(n, Layout::kT16, !matmul->trans_b);
      matmul->trans_b = true;
    } else if (n->op.type == fb::Op::Conv) {
      SetWeight(n, IsDepthwise(graph_, n) ? Layout::kDepthwise16 : Layout::kT16, false);
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
      const Weight rows = transpose ? Transposed(*weight) : *weight;
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
