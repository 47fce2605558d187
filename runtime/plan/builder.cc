// Plan::Build: values, steps, shapes, buffers; in that order, each from the one before.
#include <algorithm>
#include <cstring>

#include "model_generated.h"
#include "runtime/plan/bodies.h"
#include "runtime/plan/memory.h"
#include "runtime/plan/plan.h"
#include "runtime/session/session.h"

namespace pare {
namespace {

constexpr int kMaxBodyDepth = 16;
constexpr uint64_t kMaxKnownBytes = 512;  // of a value that is computed while shapes are inferred
constexpr int32_t kAlways = INT32_MAX;

// Low-bit payloads are smaller than the shape says: only these may see them.
bool ReadsLowBit(fb::Op type, uint32_t input) {
  return (input == 1 && (type == fb::Op::MatMul || type == fb::Op::Conv)) ||
         (input == 0 && type == fb::Op::Gather);
}

bool SameName(const flatbuffers::String* a, const char* b) {
  return a != nullptr && b != nullptr && std::strcmp(a->c_str(), b) == 0;
}

// The bound of a symbol in this session, or 0 where there is none.
int64_t SymbolBound(const fb::Symbol& symbol, const SessionConfig& config) {
  for (const DimSize& d : config.dims) {
    if (SameName(symbol.name(), d.name)) return d.size;
  }
  return symbol.max();
}

Result<Shape> DeclaredShape(const Model& model, const fb::Value& value,
                            const SessionConfig& config) {
  Shape shape;
  if (value.dims() == nullptr) return shape;
  for (const fb::Dim* d : *value.dims()) {
    int64_t size = d->value();
    if (size < 0 && d->symbol() >= 0) {
      const int64_t bound =
          SymbolBound(*model.metadata().symbols()->Get(static_cast<uint32_t>(d->symbol())), config);
      const bool sane = bound > 0 && bound < (int64_t{1} << 40) && d->mul() > 0 &&
                        d->mul() < (1 << 20) && d->add() > -(int64_t{1} << 40) &&
                        d->add() < (int64_t{1} << 40);
      size = sane ? (bound * d->mul() + d->add()) / d->div() : -1;
    }
    if (size < 0) {
      return Error(Code::kUnknownSize,
                   "a dimension of an input has no upper bound: give it with --dim or --shape when "
                   "converting, "
                   "or in the session's options");
    }
    (void)shape.Push(size);
  }
  return shape;
}

}  // namespace

// Builds one Plan. Lives during Plan::Build only.
class PlanBuilder {
 public:
  PlanBuilder(const Model& model, uint32_t graph, const SessionConfig& config, size_t threads,
              Arena& arena, int depth)
      : model_(model),
        config_(config),
        arena_(arena),
        index_(graph),
        threads_(threads),
        depth_(depth) {}

  Result<Plan*> Build(const Tensor* const* bindings) {
    if (depth_ > kMaxBodyDepth)
      return Error(Code::kUnsupported, "control flow is nested too deeply");
    PARE_TRY(Allocate());
    PARE_TRY(FillWeights());
    PARE_TRY(bindings != nullptr ? BindInputs(bindings) : DeclareInputs());
    PARE_TRY(DeclareStates());
    for (uint32_t i = 0; i < plan_->step_count_; ++i) PARE_TRY(AddStep(i));
    for (const int32_t v : *plan_->graph_->outputs()) {
      if (!defined_[v]) return Error(Code::kCorrupt, "a graph output is never computed");
      if (IsLowBit(plan_->values_[v].layout))
        return Error(Code::kCorrupt, "a graph output is a low-bit weight");
    }
    PARE_TRY(CheckStates());
    PARE_TRY(AssignBuffers());
    return plan_;
  }

 private:
  Status Allocate() {
    plan_ = new (PARE_TRY(arena_.New<Plan>(1))) Plan();
    const fb::Graph& graph = model_.graph(index_);
    plan_->model_ = &model_;
    plan_->graph_ = &graph;
    plan_->graph_index_ = index_;
    plan_->cpu_ = config_.cpu;
    plan_->threads_ = threads_;
    plan_->value_count_ = graph.values()->size();
    plan_->step_count_ = graph.nodes()->size();
    plan_->values_ = PARE_TRY(arena_.New<Tensor>(plan_->value_count_));
    plan_->capacity_ = PARE_TRY(arena_.New<uint64_t>(plan_->value_count_));
    plan_->buffer_of_ = PARE_TRY(arena_.New<int32_t>(plan_->value_count_));
    plan_->buffers_ = PARE_TRY(arena_.New<Buffer>(plan_->value_count_));
    plan_->steps_ = PARE_TRY(arena_.New<Step>(plan_->step_count_));
    plan_->hints_ = PARE_TRY(arena_.New<Plan::Hint>(graph.inputs()->size()));
    defined_ = PARE_TRY(arena_.New<bool>(plan_->value_count_));
    pinned_ = PARE_TRY(arena_.New<bool>(plan_->value_count_));
    last_use_ = PARE_TRY(arena_.New<int32_t>(plan_->value_count_));
    uses_ = PARE_TRY(arena_.New<uint32_t>(plan_->value_count_));
    piece_bytes_ = PARE_TRY(arena_.New<uint64_t>(plan_->step_count_));
    in_place_ = PARE_TRY(arena_.New<int32_t>(plan_->step_count_));
    view_ = PARE_TRY(arena_.New<bool>(plan_->step_count_));
    for (uint32_t v = 0; v < plan_->value_count_; ++v) {
      plan_->values_[v].dtype = static_cast<DType>(graph.values()->Get(v)->dtype());
      plan_->values_[v].scale = graph.values()->Get(v)->scale();
      plan_->values_[v].zero_point = graph.values()->Get(v)->zero_point();
      plan_->buffer_of_[v] = kNoBuffer;
      last_use_[v] = -1;
    }
    return Ok();
  }

  Status FillWeights() {
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): Build has called Allocate.
    for (uint32_t v = 0; v < plan_->value_count_; ++v) {
      const int32_t index = plan_->graph_->values()->Get(v)->weight();
      if (index < 0) continue;
      const fb::Weight& weight = *model_.metadata().weights()->Get(static_cast<uint32_t>(index));
      Tensor& t = plan_->values_[v];
      t.dtype = static_cast<DType>(weight.dtype());
      t.layout = static_cast<Layout>(weight.layout());
      t.shape = Shape{};
      for (uint32_t d = 0; weight.shape() != nullptr && d < weight.shape()->size(); ++d) {
        (void)t.shape.Push(weight.shape()->Get(d));
      }
      t.data = const_cast<void*>(model_.WeightData(static_cast<uint32_t>(index)));
      t.constant = true;
      t.known = true;
      defined_[v] = true;
    }
    return Ok();
  }

  Status Define(int32_t v) {
    if (defined_[v]) return Error(Code::kCorrupt, "a value has two origins");
    defined_[v] = true;
    return Ok();
  }

  Status Reserve(int32_t v) {
    const Tensor& t = plan_->values_[v];
    if (!CheckedBytes(t.shape, SizeOf(t.dtype), &plan_->capacity_[v])) {
      return ShapeError("a tensor's size is negative or overflows");
    }
    return Ok();
  }

  // Inputs of a body: their memory is the outer graph's.
  Status BindInputs(const Tensor* const* bindings) {
    for (uint32_t i = 0; i < plan_->input_count(); ++i) {
      const int32_t v = plan_->graph_->inputs()->Get(i);
      PARE_TRY(Define(v));
      plan_->values_[v] = *bindings[i];
      PARE_TRY(Reserve(v));
      pinned_[v] = true;
    }
    bound_ = true;
    return Ok();
  }

  Status DeclareInputs() {
    for (uint32_t i = 0; i < plan_->input_count(); ++i) {
      const int32_t v = plan_->graph_->inputs()->Get(i);
      const fb::Value& value = *plan_->graph_->values()->Get(static_cast<uint32_t>(v));
      PARE_TRY(Define(v));
      pinned_[v] = true;
      const InputHint* hint = FindHint(value);
      Tensor& t = plan_->values_[v];
      t.shape = hint != nullptr && hint->shape != nullptr
                    ? *hint->shape
                    : PARE_TRY(DeclaredShape(model_, value, config_));
      PARE_TRY(Reserve(v));
      if (hint != nullptr && hint->values != nullptr && plan_->capacity_[v] <= kMaxKnownBytes) {
        PARE_TRY(KeepHint(v, hint->values));
      }
    }
    return Ok();
  }

  const InputHint* FindHint(const fb::Value& value) const {
    for (const InputHint& hint : config_.inputs) {
      if (SameName(value.name(), hint.name)) return &hint;
    }
    return nullptr;
  }

  Status KeepHint(int32_t v, const void* values) {
    Tensor& t = plan_->values_[v];
    Plan::Hint& hint = plan_->hints_[plan_->hint_count_++];
    hint.value = static_cast<uint32_t>(v);
    hint.bytes = t.Bytes();
    hint.planned = PARE_TRY(arena_.Allocate(hint.bytes));
    t.data = PARE_TRY(arena_.Allocate(hint.bytes + 16));
    std::memcpy(hint.planned, values, hint.bytes);
    std::memcpy(t.data, values, hint.bytes);
    t.known = true;
    return Ok();
  }

  Status DeclareStates() {
    const auto* states = plan_->graph_->states();
    for (uint32_t i = 0; states != nullptr && i < states->size(); ++i) {
      const int32_t v = states->Get(i)->value();
      PARE_TRY(Define(v));
      pinned_[v] = true;
      const fb::Value& value = *plan_->graph_->values()->Get(static_cast<uint32_t>(v));
      plan_->values_[v].shape = PARE_TRY(DeclaredShape(model_, value, config_));
      PARE_TRY(Reserve(v));
    }
    return Ok();
  }

  Status CheckStates() {
    const auto* states = plan_->graph_->states();
    for (uint32_t i = 0; states != nullptr && i < states->size(); ++i) {
      const fb::State& state = *states->Get(i);
      const Tensor& value = plan_->values_[state.value()];
      const Tensor& next = plan_->values_[state.next()];
      if (!defined_[state.next()] || value.dtype != next.dtype || value.shape != next.shape) {
        return ShapeError("a state and its next value differ in shape or type");
      }
      if (state.initial_weight() < 0) continue;
      const fb::Weight& weight =
          *model_.metadata().weights()->Get(static_cast<uint32_t>(state.initial_weight()));
      if (weight.bytes() != value.Bytes() || static_cast<DType>(weight.dtype()) != value.dtype) {
        return ShapeError("a state and its initial value differ in shape or type");
      }
    }
    return Ok();
  }

  Status AddStep(uint32_t i) {
    Status status = MakeStep(i);
    if (!status.ok() && status.node < 0) {
      status.node = static_cast<int32_t>(i);
      status.graph = static_cast<int32_t>(index_);
    }
    return status;
  }

  Status MakeStep(uint32_t i) {
    Step& step = plan_->steps_[i];
    const fb::Node& node = *plan_->graph_->nodes()->Get(i);
    step.node = static_cast<int32_t>(i);
    step.type = static_cast<uint8_t>(node.op_type());
    step.op = PARE_TRY(FindOperator(node));
    step.kernel = "";
    NodeView& view = step.context;
    view.attributes = node.op();
    view.max_trips = config_.max_trips;
    step.context.state = step.state;
    PARE_TRY(Connect(node, &view, i));
    PARE_TRY(BuildBodies(step));
    PARE_TRY(plan_->InferStep(step));
    for (uint32_t k = 0; k < view.output_count; ++k) {
      if (view.outputs[k] != nullptr) PARE_TRY(Reserve(node.outputs()->Get(k)));
    }
    PlanContext context;
    PARE_TRY(plan_->PlanStep(step, &context));
    step.scratch_bytes = context.scratch_bytes;
    in_place_[i] = context.in_place;
    view_[i] = context.view;
    PARE_TRY(ChooseMode(step));
    if (step.mode != StepMode::kAtInfer) {
      for (uint32_t k = 0; k < view.input_count; ++k) {
        if (view.inputs[k] == nullptr) continue;
        last_use_[node.inputs()->Get(k)] = static_cast<int32_t>(i);
        ++uses_[node.inputs()->Get(k)];
      }
    }
    uint64_t body_bytes = 0;
    for (uint32_t b = 0; b < view.body_count; ++b) {
      if (view.bodies[b] == nullptr) continue;
      const uint64_t bytes =
          AlignUp(view.bodies[b]->activation_bytes()) + view.bodies[b]->scratch_bytes();
      if (bytes > body_bytes) body_bytes = bytes;
    }
    const uint64_t scratch = AlignUp(step.scratch_bytes) + body_bytes;
    if (scratch > plan_->scratch_bytes_) plan_->scratch_bytes_ = scratch;
    return Ok();
  }

  Result<const OpDef*> FindOperator(const fb::Node& node) const {
    if (node.op_type() == fb::Op::Custom) {
      for (const CustomOp& custom : config_.custom_ops) {
        if (SameName(node.op_as_Custom()->name(), custom.name)) return custom.op;
      }
      return Error(
          Code::kNotFound,
          "no custom operator of that name is registered: give it in the session's options");
    }
    return FindOp(static_cast<uint8_t>(node.op_type()));
  }

  Status Connect(const fb::Node& node, NodeView* view, uint32_t i) {
    view->input_count = node.inputs() == nullptr ? 0 : node.inputs()->size();
    view->output_count = node.outputs() == nullptr ? 0 : node.outputs()->size();
    auto** inputs = PARE_TRY(arena_.New<const Tensor*>(view->input_count));
    auto** outputs = PARE_TRY(arena_.New<Tensor*>(view->output_count));
    for (uint32_t k = 0; k < view->input_count; ++k) {
      const int32_t v = node.inputs()->Get(k);
      if (v < 0) continue;
      if (!defined_[v])
        return Error(Code::kCorrupt, "an input of the node is computed after the node");
      if (IsLowBit(plan_->values_[v].layout) && !ReadsLowBit(node.op_type(), k))
        return Error(Code::kCorrupt, "the operator cannot read a low-bit weight");
      inputs[k] = &plan_->values_[v];
    }
    for (uint32_t k = 0; k < view->output_count; ++k) {
      const int32_t v = node.outputs()->Get(k);
      if (v < 0) continue;
      PARE_TRY(Define(v));
      outputs[k] = &plan_->values_[v];
    }
    (void)i;
    view->inputs = inputs;
    view->outputs = outputs;
    return Ok();
  }

  // A branch of If may not fit the sizes that the other is for. It is left out (Ok) unless the
  // condition is known to take it: If refuses to run it.
  static Status BranchThatDoesNotFit(const Step& step, uint32_t body, Status status) {
    const Tensor* condition = step.context.In(0);
    const bool misfit = status.code == Code::kShape || status.code == Code::kUnknownSize;
    if (static_cast<fb::Op>(step.type) != fb::Op::If || !misfit || condition == nullptr ||
        condition->Elements() != 1)
      return status;
    if (!condition->known) return Ok();
    return (IntegerAt(*condition, 0) != 0) == (body == 0) ? status : Ok();
  }

  Status BuildBodies(Step& step) {
    int32_t graphs[2];
    NodeView& view = step.context;
    view.body_count = BodyGraphs(step.type, view.attributes, graphs);
    if (view.body_count == 0) return Ok();
    Plan** bodies = PARE_TRY(arena_.New<Plan*>(view.body_count));
    for (uint32_t b = 0; b < view.body_count; ++b) {
      const uint32_t count = model_.graph(static_cast<uint32_t>(graphs[b])).inputs()->size();
      Tensor* tensors = PARE_TRY(arena_.New<Tensor>(count));
      Tensor** bindings = PARE_TRY(arena_.New<Tensor*>(count));
      for (uint32_t k = 0; k < count; ++k) bindings[k] = new (&tensors[k]) Tensor();
      PARE_TRY(BindBody(step.type, view, bindings, count));
      PlanBuilder builder(model_, static_cast<uint32_t>(graphs[b]), config_, threads_, arena_,
                          depth_ + 1);
      const Result<Plan*> body = builder.Build(bindings);
      bodies[b] = body.ok() ? body.value() : nullptr;
      if (!body.ok()) PARE_TRY(BranchThatDoesNotFit(step, b, body.status()));
      if (!body.ok() && b > 0 && bodies[0] == nullptr) return body.status();
    }
    view.bodies = bodies;
    return Ok();
  }

  // A step whose inputs are known runs while shapes are inferred, where its results are small. The
  // shape and size of a tensor are known even where its data are not.
  Status ChooseMode(Step& step) {
    const auto type = static_cast<fb::Op>(step.type);
    const NodeView& view = step.context;
    bool dynamic = false,
         known = step.scratch_bytes == 0 && view.body_count == 0 && type != fb::Op::Custom;
    const bool of_shape = type == fb::Op::ShapeOf || type == fb::Op::Size;
    for (uint32_t k = 0; k < view.input_count; ++k) {
      if (view.inputs[k] == nullptr) continue;
      if (!view.inputs[k]->known && !of_shape) known = false;
      if (view.inputs[k]->dynamic) dynamic = true;
    }
    for (uint32_t k = 0; k < view.output_count; ++k) {
      if (view.outputs[k] != nullptr && view.outputs[k]->Bytes() > kMaxKnownBytes) known = false;
    }
    step.mode = dynamic ? StepMode::kDynamic : known ? StepMode::kAtInfer : StepMode::kRun;
    step.folds = known;
    if (!known) return Ok();
    for (uint32_t k = 0; k < view.output_count; ++k) {
      Tensor* out = view.outputs[k];
      if (out == nullptr) continue;
      out->data = PARE_TRY(arena_.Allocate(out->Bytes() + 16));
      out->known = true;
    }
    return plan_->RunStep(step, nullptr);
  }

  // Lets step i compute the one before it, where its operator can.
  void Join(uint32_t i) {
    Step &step = plan_->steps_[i], &before = plan_->steps_[i - 1];
    if (step.op != before.op || step.op->join == nullptr || step.mode != StepMode::kRun ||
        before.mode != StepMode::kRun || before.context.before != nullptr)
      return;
    const int32_t between = plan_->graph_->nodes()->Get(i)->inputs()->Get(0);
    if (step.context.In(0) != before.context.Out(0) || uses_[between] != 1 ||
        last_use_[between] == kAlways)
      return;
    piece_bytes_[i - 1] = step.op->join(step.context, before.context, threads_);
    if (piece_bytes_[i - 1] == 0) return;
    before.mode = StepMode::kJoined;
    step.context.before = &before.context;
    for (const int32_t v : *plan_->graph_->nodes()->Get(i - 1)->inputs()) {
      if (v >= 0) last_use_[v] = std::max(last_use_[v], static_cast<int32_t>(i));
    }
    plan_->scratch_bytes_ = std::max(plan_->scratch_bytes_,
                                     AlignUp(before.scratch_bytes) + AlignUp(step.scratch_bytes));
  }

  Status AssignBuffers() {
    MarkOutputs();
    for (uint32_t i = 1; i < plan_->step_count_; ++i) Join(i);
    if (!bound_) {
      for (const int32_t v : *plan_->graph_->inputs()) {
        if (!plan_->values_[v].known) NewBuffer(v, -1, kAlways);
      }
    }
    for (uint32_t i = 0; plan_->graph_->states() != nullptr && i < plan_->graph_->states()->size();
         ++i) {
      NewBuffer(plan_->graph_->states()->Get(i)->value(), -1, kAlways);
    }
    for (uint32_t i = 0; i < plan_->step_count_; ++i) {
      const Step& step = plan_->steps_[i];
      if (step.folds) continue;
      const fb::Node& node = *plan_->graph_->nodes()->Get(i);
      for (uint32_t k = 0; k < step.context.output_count; ++k) {
        const int32_t v = node.outputs()->Get(k);
        if (v < 0) continue;
        const int32_t shared = k == 0 ? SharedBuffer(i, node) : kNoBuffer;
        if (step.mode == StepMode::kJoined) {
          NewBuffer(v, static_cast<int32_t>(i) + 1, static_cast<int32_t>(i) + 1);
          plan_->buffers_[plan_->buffer_of_[v]].bytes = piece_bytes_[i];
        } else if (shared == kNoBuffer) {
          NewBuffer(v, static_cast<int32_t>(i), LastUse(v, i));
        } else {
          Share(v, shared, i);
        }
      }
    }
    return PlaceBuffers(plan_->buffers_, plan_->buffer_count_, arena_, &plan_->activation_bytes_);
  }

  // Outputs, and what the next run reads as state, stay alive to the end.
  void MarkOutputs() {
    for (const int32_t v : *plan_->graph_->outputs()) last_use_[v] = kAlways;
    for (uint32_t i = 0; plan_->graph_->states() != nullptr && i < plan_->graph_->states()->size();
         ++i) {
      last_use_[plan_->graph_->states()->Get(i)->next()] = kAlways;
    }
  }

  int32_t LastUse(int32_t v, uint32_t made) const {
    return last_use_[v] > static_cast<int32_t>(made) ? last_use_[v] : static_cast<int32_t>(made);
  }

  void NewBuffer(int32_t v, int32_t first, int32_t last) {
    plan_->buffer_of_[v] = static_cast<int32_t>(plan_->buffer_count_);
    plan_->buffers_[plan_->buffer_count_++] = Buffer{plan_->capacity_[v], 0, first, last};
  }

  void Share(int32_t v, int32_t buffer, uint32_t made) {
    plan_->buffer_of_[v] = buffer;
    const int32_t last = LastUse(v, made);
    if (last > plan_->buffers_[buffer].last) plan_->buffers_[buffer].last = last;
  }

  // The buffer that output 0 of step i may share with one of its inputs, or kNoBuffer.
  int32_t SharedBuffer(uint32_t i, const fb::Node& node) const {
    const int32_t input = view_[i] ? 0 : in_place_[i];
    if (input < 0 || static_cast<uint32_t>(input) >= plan_->steps_[i].context.input_count)
      return kNoBuffer;
    const int32_t source = node.inputs()->Get(static_cast<uint32_t>(input));
    const int32_t out = node.outputs()->Get(0);
    if (source < 0 || plan_->buffer_of_[source] == kNoBuffer || pinned_[source]) return kNoBuffer;
    const int32_t buffer = plan_->buffer_of_[source];
    if (plan_->capacity_[out] > plan_->buffers_[buffer].bytes) return kNoBuffer;
    // An output can be bound elsewhere by the caller: it shares with nobody that outlives the step.
    if (last_use_[out] == kAlways && plan_->buffers_[buffer].last > static_cast<int32_t>(i))
      return kNoBuffer;
    if (view_[i]) return plan_->buffers_[buffer].last == kAlways ? kNoBuffer : buffer;
    if (plan_->buffers_[buffer].last > static_cast<int32_t>(i)) return kNoBuffer;
    for (uint32_t k = 0; k < node.inputs()->size();
         ++k) {  // another view of the same bytes would be overwritten
      const int32_t other = node.inputs()->Get(k);
      if (other >= 0 && other != source && plan_->buffer_of_[other] == buffer) return kNoBuffer;
    }
    return buffer;
  }

  const Model& model_;
  const SessionConfig& config_;
  Arena& arena_;
  Plan* plan_ = nullptr;
  bool* defined_ = nullptr;  // value has an origin
  bool* pinned_ = nullptr;   // value belongs to the caller: never overwritten
  int32_t* last_use_ = nullptr;
  uint32_t* uses_ = nullptr;         // steps that read the value
  uint64_t* piece_bytes_ = nullptr;  // of a joined step's output
  int32_t* in_place_ = nullptr;
  bool* view_ = nullptr;
  uint32_t index_;
  size_t threads_;
  int depth_;
  bool bound_ = false;
};

Result<Plan*> Plan::Build(const Model& model, uint32_t graph, const SessionConfig& config,
                          size_t threads, const Tensor* const* bindings, Arena& arena) {
  return PlanBuilder(model, graph, config, threads, arena, 0).Build(bindings);
}

}  // namespace pare
