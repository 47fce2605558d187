// Rows of a table that is computed from constants (int8 -> Cast -> Mul by its scale) are taken
// first and computed then: a run touches the rows that it needs, and the file keeps the small
// table.
#include <algorithm>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"

namespace pare::converter {
namespace {

class GatherMover {
 public:
  explicit GatherMover(Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()) {}

  void Run() {
    std::vector<Node*> gathers;
    for (Node* n : rewriter_.Nodes()) {
      if (n->op.type == fb::Op::Gather && n->op.AsGather()->axis == 0) gathers.push_back(n);
    }
    // A Gather that moved stands before another node, and may move on.
    for (size_t i = 0; i < gathers.size(); ++i) {
      for (Node* moved : Move(gathers[i])) gathers.push_back(moved);
    }
  }

 private:
  // Of constants only, through nodes that could stand behind the Gather.
  bool IsConstantTable(ValueId v) const {
    if (graph_.IsConstant(v)) return true;
    const Node* n = rewriter_.Producer(v);
    if (n == nullptr || !rewriter_.OnlyUse(v)) return false;
    if (n->op.type == fb::Op::Cast) return IsConstantTable(n->inputs[0]);
    return n->op.type == fb::Op::Binary &&
           std::all_of(n->inputs.begin(), n->inputs.end(),
                       [&](ValueId w) { return IsConstantTable(w); });
  }
  const Shape& Dims(ValueId v) const { return graph_.values[v].shape; }

  // Rows `indices` of v, an operand of what makes a table of `rank` dimensions and `rows` rows;
  // kAbsent where it is the same for all rows already.
  ValueId TakeRows(ValueId v, int rank, int64_t rows, ValueId indices, Node** gather) {
    if (Dims(v).rank < rank || Dims(v)[0] != rows) return kAbsent;
    const Value value = graph_.values[v];
    Shape shape = Dims(indices);
    for (int i = 1; i < rank; ++i) shape.Push(value.shape[i]);
    const ValueId y = rewriter_.NewValue(value.name + "/rows", value.dtype, shape);
    *gather = rewriter_.Add(value.name + "/rows", fb::GatherT(), {v, indices}, {y});
    return y;
  }
  // A constant [1, ...] without its first dimension, so that it broadcasts to rows of any shape.
  ValueId DropRowDim(ValueId v, int rank) {
    if (Dims(v).rank < rank) return v;
    Weight weight = *graph_.ConstantOf(v);
    Shape shape;
    for (int i = 1; i < weight.shape.rank; ++i) shape.Push(weight.shape[i]);
    weight.shape = shape;
    return rewriter_.NewWeight(std::move(weight));
  }
  bool Fits(const Node* maker, ValueId table, ValueId indices) const {
    if (!graph_.values[table].has_shape || !graph_.values[indices].has_shape) return false;
    const int rank = Dims(table).rank;
    if (rank < 1 || Dims(indices).rank + rank - 1 > kMaxRank) return false;
    return std::all_of(maker->inputs.begin(), maker->inputs.end(), [&](ValueId v) {
      const bool has_rows =
          graph_.values[v].has_shape && Dims(v).rank == rank && Dims(v)[0] == Dims(table)[0];
      const bool same_for_all = graph_.IsConstant(v) && (Dims(v).rank < rank || Dims(v)[0] == 1);
      return has_rows || same_for_all;
    });
  }

  // Exchanges the Gather with the node that makes its table; returns the Gathers that it became.
  std::vector<Node*> Move(Node* gather) {
    const ValueId table = gather->inputs[0], indices = gather->inputs[1];
    Node* maker = rewriter_.Producer(table);
    if (maker == nullptr || !IsConstantTable(table) || !Fits(maker, table, indices)) return {};
    const int rank = Dims(table).rank;
    const int64_t rows = Dims(table)[0];
    std::vector<Node*> gathers;
    std::vector<ValueId> inputs;
    for (ValueId v : std::vector<ValueId>(maker->inputs)) {
      Node* moved = nullptr;
      const ValueId taken = TakeRows(v, rank, rows, indices, &moved);
      inputs.push_back(taken != kAbsent ? taken : DropRowDim(v, rank));
      if (moved != nullptr) gathers.push_back(moved);
    }
    Node copy = *maker;
    copy.inputs = inputs;
    copy.outputs = {gather->outputs[0]};
    rewriter_.Erase(gather);
    rewriter_.EraseIfUnused(maker);
    rewriter_.AddNode(std::move(copy));
    return gathers;
  }

  Rewriter& rewriter_;
  Graph& graph_;
};

}  // namespace

Status GatherFirst(Graph& graph, const Options&) {
  Rewriter rewriter(graph);
  GatherMover(rewriter).Run();
  return Ok();
}

}  // namespace pare::converter
