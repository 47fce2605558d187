// Constant inputs that say what to do (axes, sizes, pads) become attributes, so that later passes
// look in one place and plans need no known values. Squeeze, Unsqueeze and Flatten become Reshape
// where the target can be written down.
#include <algorithm>
#include <limits>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"
#include "converter/passes/shapes.h"

namespace pare::converter {
namespace {

// Moves the constant integers of input i into *attribute.
bool Move(Rewriter& rewriter, Node* n, size_t i, std::vector<int64_t>* attribute) {
  const auto values = IntegersOf(rewriter.graph(), InputOf(n, i));
  if (!values) return false;
  *attribute = *values;
  rewriter.SetInput(n, i, kAbsent);
  return true;
}

void MoveSlice(Rewriter& rewriter, Node* n) {
  fb::SliceT* slice = n->op.AsSlice();
  // The runtime reads each list from one place: all or nothing.
  for (size_t i = 1; i < n->inputs.size(); ++i) {
    if (n->inputs[i] != kAbsent && !IntegersOf(rewriter.graph(), n->inputs[i])) return;
  }
  Move(rewriter, n, 1, &slice->starts);
  Move(rewriter, n, 2, &slice->ends);
  Move(rewriter, n, 3, &slice->axes);
  Move(rewriter, n, 4, &slice->steps);
  rewriter.SetInputs(n, {n->inputs[0]});
}

void MovePad(Rewriter& rewriter, Node* n) {
  fb::PadT* pad = n->op.AsPad();
  const Graph& graph = rewriter.graph();
  const auto pads = IntegersOf(graph, InputOf(n, 1));
  const ValueId value = InputOf(n, 2), axes_input = InputOf(n, 3);
  const int rank = RankOf(graph, n->inputs[0]);
  if (!pads || rank < 0 || graph.values[n->inputs[0]].dtype != DType::kF32) return;
  if (value != kAbsent && !ScalarOf(graph, value)) return;
  std::vector<int64_t> axes(rank);
  for (int i = 0; i < rank; ++i) axes[i] = i;
  if (axes_input != kAbsent) {
    const auto given = IntegersOf(graph, axes_input);
    if (!given) return;
    axes = *given;
  }
  if (pads->size() != 2 * axes.size()) return;
  pad->pads.assign(2 * static_cast<size_t>(rank), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    if (!NormalizeAxis(rank, &axes[i])) return;
    pad->pads[axes[i]] = (*pads)[i];
    pad->pads[rank + axes[i]] = (*pads)[axes.size() + i];
  }
  if (value != kAbsent) pad->value = *ScalarOf(graph, value);
  rewriter.SetInputs(n, {n->inputs[0]});
}

void MoveResize(Rewriter& rewriter, Node* n) {
  fb::ResizeT* resize = n->op.AsResize();
  const Graph& graph = rewriter.graph();
  const Weight* scales = graph.ConstantOf(InputOf(n, 2));
  if (scales != nullptr && scales->dtype == DType::kF32) {
    resize->scales.assign(scales->Data<float>(), scales->Data<float>() + scales->shape.Elements());
    rewriter.SetInput(n, 2, kAbsent);
  }
  Move(rewriter, n, 3, &resize->sizes);
  const bool crops = resize->coordinate == fb::CoordinateMode::TfCropAndResize;
  if (!crops && InputOf(n, 1) != kAbsent) rewriter.SetInput(n, 1, kAbsent);
}

void MoveTopK(Rewriter& rewriter, Node* n) {
  std::vector<int64_t> k;
  if (!Move(rewriter, n, 1, &k)) return;
  if (k.size() == 1) n->op.AsTopK()->k = k[0];
}

void MoveCumSum(Rewriter& rewriter, Node* n) {
  std::vector<int64_t> axis;
  if (!Move(rewriter, n, 1, &axis)) return;
  if (axis.size() == 1) n->op.AsCumSum()->axis = axis[0];
}

void MoveReshape(Rewriter& rewriter, Node* n) {
  fb::ReshapeT* reshape = n->op.AsReshape();
  Move(rewriter, n, 1, &reshape->shape);
}

void MoveInputs(Rewriter& rewriter, Node* n) {
  switch (n->op.type) {
    case fb::Op::Reduce: {
      fb::ReduceT* reduce = n->op.AsReduce();
      Move(rewriter, n, 1, &reduce->axes);
      return;
    }
    case fb::Op::Slice: return MoveSlice(rewriter, n);
    case fb::Op::Pad: return MovePad(rewriter, n);
    case fb::Op::Split: Move(rewriter, n, 1, &n->op.AsSplit()->sizes); return;
    case fb::Op::Reshape: return MoveReshape(rewriter, n);
    case fb::Op::Squeeze: Move(rewriter, n, 1, &n->op.AsSqueeze()->axes); return;
    case fb::Op::Unsqueeze: Move(rewriter, n, 1, &n->op.AsUnsqueeze()->axes); return;
    case fb::Op::Expand: Move(rewriter, n, 1, &n->op.AsExpand()->shape); return;
    case fb::Op::Tile: Move(rewriter, n, 1, &n->op.AsTile()->repeats); return;
    case fb::Op::Resize: return MoveResize(rewriter, n);
    case fb::Op::TopK: return MoveTopK(rewriter, n);
    case fb::Op::CumSum: return MoveCumSum(rewriter, n);
    default: return;
  }
}

void MakeReshape(Rewriter& rewriter, Node* n) {
  const Graph& graph = rewriter.graph();
  if (InputOf(n, 0) == kAbsent || n->outputs[0] == kAbsent) return;
  const Value& x = graph.values[n->inputs[0]];
  const Value& y = graph.values[n->outputs[0]];
  if (!x.has_shape || !y.has_shape) return;
  switch (n->op.type) {
    case fb::Op::Squeeze:
    case fb::Op::Unsqueeze: break;
    case fb::Op::Flatten:
      // Products of several unknown dimensions cannot be told from copied ones.
      if (CountUnknown(y.shape) > 1 && n->op.AsFlatten()->axis != 1) return;
      break;
    case fb::Op::Reshape:
      if (InputOf(n, 1) != kAbsent || CountUnknown(y.shape) > 1) return;
      break;
    default: return;
  }
  const auto target = ReshapeTarget(x.shape, y.shape);
  if (!target) return;
  fb::ReshapeT reshape;
  reshape.shape = *target;
  n->op.Set(std::move(reshape));
  rewriter.SetInputs(n, {n->inputs[0]});
}

}  // namespace

Status MoveConstants(Graph& graph, const Options&) {
  Rewriter rewriter(graph);
  for (Node* n : rewriter.Nodes()) {
    MoveInputs(rewriter, n);
    MakeReshape(rewriter, n);
    while (!n->inputs.empty() && n->inputs.back() == kAbsent) n->inputs.pop_back();
  }
  return Ok();
}

}  // namespace pare::converter
