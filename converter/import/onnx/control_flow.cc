// If, Loop and Scan: bodies become subgraphs whose captures are explicit inputs.
#include <algorithm>
#include <limits>

#include "converter/import/onnx/importer.h"
#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

Facts AnySize(Facts f) {
  f.length = -1;
  return f;
}

Facts Typed(DType dtype, int rank) {
  Facts f;
  f.has_dtype = true;
  f.dtype = dtype;
  f.rank = rank;
  return f;
}

// What the body says of its outputs goes to the node's.
void SetFacts(OnnxNode& n, int output, const ImportedBody& body, int body_output, int more_rank) {
  const auto& outputs = body.builder.graph.outputs;
  if (!n.Wants(output) || static_cast<size_t>(body_output) >= outputs.size()) return;
  const Facts from =
      body.builder.facts[static_cast<size_t>(outputs[static_cast<size_t>(body_output)])];
  Facts& to = n.scope().builder->facts[static_cast<size_t>(n.Out(output))];
  if (from.has_dtype) {
    to.has_dtype = true;
    to.dtype = from.dtype;
  }
  if (from.rank >= 0) to.rank = from.rank + more_rank <= kMaxRank ? from.rank + more_rank : -1;
}

int32_t AddBody(OnnxNode& n, ImportedBody body) {
  n.graph().subgraphs.push_back(std::move(body.builder.graph));
  return static_cast<int32_t>(n.graph().subgraphs.size()) - 1;
}

// Gives the body one capture input for each of `captured`, in that order.
void OrderCaptures(const std::vector<ValueId>& captured, const GraphBuilder& around,
                   ImportedBody* body) {
  Graph& graph = body->builder.graph;
  const size_t formal = graph.inputs.size() - body->captured.size();
  std::vector<ValueId> inputs(graph.inputs.begin(),
                              graph.inputs.begin() + static_cast<std::ptrdiff_t>(formal));
  for (ValueId v : captured) {
    const auto it = std::find(body->captured.begin(), body->captured.end(), v);
    if (it != body->captured.end()) {
      inputs.push_back(graph.inputs[formal + static_cast<size_t>(it - body->captured.begin())]);
    } else {
      inputs.push_back(body->builder.AddValue(around.graph.values[static_cast<size_t>(v)].name,
                                              around.facts[static_cast<size_t>(v)]));
    }
  }
  graph.inputs = std::move(inputs);
  body->captured = captured;
}

Status ImportIf(OnnxNode& n) {
  GraphProto* branches[] = {n.Body("then_branch"), n.Body("else_branch")};
  if (branches[0] == nullptr || branches[1] == nullptr) return Malformed("it lacks a branch");
  ImportedBody bodies[2];
  std::vector<ValueId> captured;
  for (int i = 0; i < 2; ++i) {
    if (branches[i]->input_size() != 0) return Malformed("a branch has inputs");
    if (branches[i]->output_size() != n.output_count())
      return Malformed("a branch has another number of outputs than the node");
    bodies[i] = PARE_TRY(n.importer().ImportBody(*branches[i], n.scope(), {}));
    for (ValueId v : bodies[i].captured) {
      if (std::find(captured.begin(), captured.end(), v) == captured.end()) captured.push_back(v);
    }
  }
  fb::IfT op;
  std::vector<ValueId> inputs = {n.In(0)};
  inputs.insert(inputs.end(), captured.begin(), captured.end());
  for (ImportedBody& body : bodies) OrderCaptures(captured, *n.scope().builder, &body);
  const std::vector<ValueId> outputs = n.Outputs();
  for (int i = 0; i < n.output_count(); ++i) {
    SetFacts(n, i, bodies[1], i, 0);
    SetFacts(n, i, bodies[0], i, 0);
  }
  op.then_graph = AddBody(n, std::move(bodies[0]));
  op.else_graph = AddBody(n, std::move(bodies[1]));
  return n.Emit(std::move(op), std::move(inputs), outputs);
}

// Exporters write a while loop with the largest number as its trip count: that is no bound.
ValueId BoundedTrips(OnnxNode& n, ValueId trips) {
  std::vector<int64_t> values;
  const bool endless = n.Integers(trips, &values) && values.size() == 1 &&
                       values[0] > std::numeric_limits<int32_t>::max();
  return endless ? kAbsent : trips;
}

Status ImportLoop(OnnxNode& n) {
  GraphProto* proto = n.Body("body");
  if (proto == nullptr) return Malformed("it has no body");
  const int carried = std::max(n.input_count() - 2, 0);
  if (proto->input_size() != carried + 2 || proto->output_size() < carried + 1 ||
      proto->output_size() - 1 != n.output_count())
    return Malformed("its body does not have the inputs and outputs that the node asks for");
  std::vector<Facts> facts = {Typed(DType::kI64, 0), Typed(DType::kBool, 0)};
  std::vector<ValueId> inputs;
  inputs = {BoundedTrips(n, n.In(0)), n.In(1)};
  for (int i = 0; i < carried; ++i) {
    if (n.In(i + 2) == kAbsent) return Malformed("a carried value is missing");
    facts.push_back(AnySize(n.Of(n.In(i + 2))));
    inputs.push_back(n.In(i + 2));
  }
  ImportedBody body = PARE_TRY(n.importer().ImportBody(*proto, n.scope(), facts));
  inputs.insert(inputs.end(), body.captured.begin(), body.captured.end());
  const std::vector<ValueId> outputs = n.Outputs();
  for (int i = 0; i < n.output_count(); ++i) SetFacts(n, i, body, i + 1, i < carried ? 0 : 1);
  fb::LoopT op;
  op.carried = carried;
  op.body = AddBody(n, std::move(body));
  return n.Emit(std::move(op), std::move(inputs), outputs);
}

Status ImportScan(OnnxNode& n) {
  GraphProto* proto = n.Body("body");
  const int scans = static_cast<int>(n.Int("num_scan_inputs", 0));
  const int states = n.input_count() - scans;
  if (proto == nullptr || scans < 1 || states < 0 || proto->input_size() != n.input_count() ||
      proto->output_size() != n.output_count() || n.output_count() < states)
    return Malformed("its body does not have the inputs and outputs that the node asks for");
  std::vector<Facts> facts;
  for (int i = 0; i < n.input_count(); ++i) {
    if (n.In(i) == kAbsent) return Malformed("an input is missing");
    Facts f = AnySize(n.Of(n.In(i)));
    if (i >= states && f.rank > 0) --f.rank;
    facts.push_back(f);
  }
  ImportedBody body = PARE_TRY(n.importer().ImportBody(*proto, n.scope(), facts));
  std::vector<ValueId> inputs = n.Inputs();
  inputs.insert(inputs.end(), body.captured.begin(), body.captured.end());
  const std::vector<ValueId> outputs = n.Outputs();
  for (int i = 0; i < n.output_count(); ++i) SetFacts(n, i, body, i, i < states ? 0 : 1);
  fb::ScanT op;
  op.states = states;
  op.scans = scans;
  op.input_axes = n.Ints("scan_input_axes");
  op.output_axes = n.Ints("scan_output_axes");
  for (int64_t reverse : n.Ints("scan_input_directions")) op.input_reverse.push_back(reverse != 0);
  for (int64_t reverse : n.Ints("scan_output_directions"))
    op.output_reverse.push_back(reverse != 0);
  op.body = AddBody(n, std::move(body));
  return n.Emit(std::move(op), std::move(inputs), outputs);
}

constexpr OnnxOp kOps[] = {
    {"If", ImportIf},
    {"Loop", ImportLoop, 0},
    {"Scan", ImportScan, 1, 9},
};

}  // namespace

OnnxOps ControlFlowOnnxOps() { return kOps; }

}  // namespace pare::converter
