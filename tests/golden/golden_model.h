// The model of the golden file: every layout, a body, a state, a symbol, metadata and an asset.
#pragma once

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "converter/ir/graph.h"
#include "runtime/layout/layout.h"

namespace pare::testing {

inline Shape MakeShape(std::initializer_list<int64_t> dims) {
  Shape shape;
  for (int64_t d : dims) (void)shape.Push(d);
  return shape;
}

// Multiples of 1/64: exact in f16 and bf16 alike.
inline std::vector<float> CoarseValues(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(static_cast<int>(random() % 129) - 64) / 64);
  return values;
}

// A weight of coarse values, packed.
inline converter::Weight MakeWeight(const std::string& name, const Shape& shape, DType dtype,
                                    Layout layout, uint32_t seed) {
  const std::vector<float> values = CoarseValues(shape.Elements(), seed);
  std::vector<std::byte> plain(values.size() * SizeOf(dtype));
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t half =
        dtype == DType::kF16 ? FloatToHalf(values[i]) : FloatToBfloat16(values[i]);
    const void* from = dtype == DType::kF32 ? static_cast<const void*>(&values[i]) : &half;
    std::memcpy(plain.data() + i * SizeOf(dtype), from, SizeOf(dtype));
  }
  converter::Weight w;
  w.name = name;
  w.dtype = dtype;
  w.shape = shape;
  w.layout = layout;
  uint64_t bytes = 0;
  (void)PackedBytes(layout, dtype, shape, &bytes);
  std::byte* to;
  w.bytes = converter::Bytes::Allocate(static_cast<size_t>(bytes), &to);
  const auto n = static_cast<size_t>(shape[0]);
  const auto k = static_cast<size_t>(shape.Elements(1, shape.rank));
  if (layout == Layout::kT16) PackT16(dtype, plain.data(), n, k, to);
  if (layout == Layout::kDepthwise16) PackDepthwise16(dtype, plain.data(), n, k, to);
  if (layout == Layout::kPlain) std::memcpy(to, plain.data(), plain.size());
  return w;
}

class GoldenModel {
 public:
  static constexpr int64_t kSide = 6, kChannels = 8, kClasses = 5;

  converter::Graph Build() {
    AddInputs();
    converter::ValueId x = Convolutions();
    x = Classify(x);
    Finish(x);
    return std::move(g_);
  }

 private:
  using ValueId = converter::ValueId;

  ValueId Float(const std::string& name) { return g_.AddValue(name, DType::kF32); }

  void AddInputs() {
    g_.name = "golden";
    fb::SymbolT batch;
    batch.name = "batch";
    batch.max = 4;
    g_.symbols.push_back(batch);
    image_ = g_.AddValue("image", DType::kF32);
    std::vector<fb::DimT> dims(4);
    dims[0].symbol = 0;
    dims[1].value = dims[2].value = kSide;
    dims[3].value = 3;
    Describe(image_, MakeShape({-1, kSide, kSide, 3}), dims);
    negate_ = g_.AddValue("negate", DType::kBool);
    Describe(negate_, Shape(), {});
    g_.inputs = {image_, negate_};
  }

  void Describe(ValueId v, const Shape& shape, std::vector<fb::DimT> dims) {
    g_.values[static_cast<size_t>(v)].shape = shape;
    g_.values[static_cast<size_t>(v)].has_shape = true;
    g_.values[static_cast<size_t>(v)].dims = std::move(dims);
  }

  ValueId Convolutions() {
    const ValueId filter = g_.AddWeight(
        MakeWeight("conv.weight", MakeShape({kChannels, 3, 3, 3}), DType::kF32, Layout::kT16, 1));
    const ValueId bias = g_.AddWeight(
        MakeWeight("conv.bias", MakeShape({kChannels}), DType::kF32, Layout::kPlain, 2));
    fb::ConvT conv;
    conv.pads = {1, 1, 1, 1};
    conv.activation = std::make_unique<fb::ActivationT>();
    conv.activation->kind = fb::UnaryKind::Relu;
    const ValueId a = Float("conv");
    g_.AddNode("conv", std::move(conv), {image_, filter, bias}, {a});

    const ValueId taps = g_.AddWeight(MakeWeight(
        "depthwise.weight", MakeShape({kChannels, 3, 3, 1}), DType::kF32, Layout::kDepthwise16, 3));
    fb::ConvT depthwise;
    depthwise.group = kChannels;
    depthwise.strides = {2, 2};
    depthwise.pads = {1, 1, 1, 1};
    const ValueId b = Float("depthwise");
    g_.AddNode("depthwise", std::move(depthwise), {a, taps}, {b});
    return b;
  }

  ValueId Classify(ValueId x) {
    fb::ReduceT mean;
    mean.kind = fb::ReduceKind::Mean;
    mean.axes = {1, 2};
    mean.keep_dims = false;
    const ValueId pooled = Float("pooled");
    g_.AddNode("pooled", std::move(mean), {x}, {pooled});
    const ValueId weight = g_.AddWeight(
        MakeWeight("head.weight", MakeShape({kClasses, kChannels}), DType::kF16, Layout::kT16, 4));
    fb::MatMulT head;
    head.trans_b = true;
    const ValueId logits = Float("logits");
    g_.AddNode("head", std::move(head), {pooled, weight}, {logits});
    return logits;
  }

  // if negate: -logits, else logits + bias. The bias is bf16 and cast.
  void Finish(ValueId logits) {
    const ValueId bias = g_.AddWeight(
        MakeWeight("head.bias", MakeShape({kClasses}), DType::kBF16, Layout::kPlain, 5));
    const ValueId wide = Float("head.bias.f32");
    fb::CastT cast;
    cast.to = fb::DType::F32;
    g_.AddNode("cast", cast, {bias}, {wide});
    fb::UnaryT negate;
    negate.activation = std::make_unique<fb::ActivationT>();
    negate.activation->kind = fb::UnaryKind::Neg;
    fb::BinaryT add;
    add.kind = fb::BinaryKind::Add;
    converter::Graph then_body = Body("then"), else_body = Body("else");
    then_body.AddNode("negate", std::move(negate), {0}, {2});
    else_body.AddNode("add", std::move(add), {0, 1}, {2});
    g_.subgraphs.push_back(std::move(then_body));
    g_.subgraphs.push_back(std::move(else_body));
    fb::IfT branch;
    branch.then_graph = 0;
    branch.else_graph = 1;
    const ValueId answer = Float("answer");
    g_.AddNode("branch", branch, {negate_, logits, wide}, {answer});
    AddCounter();
    g_.outputs.insert(g_.outputs.begin(), answer);
    g_.metadata = {{"author", "Pare"}, {"task", "golden"}};
    std::byte* labels;
    converter::Bytes bytes = converter::Bytes::Allocate(10, &labels);
    std::memcpy(labels, "a\nb\nc\nd\ne\n", 10);
    g_.assets.push_back({"labels.txt", "labels", bytes});
  }

  // (logits, bias) -> result, without its node.
  static converter::Graph Body(const char* name) {
    converter::Graph body;
    body.name = name;
    const ValueId logits = body.AddValue("logits", DType::kF32);
    const ValueId bias = body.AddValue("bias", DType::kF32);
    body.outputs = {body.AddValue("result", DType::kF32)};
    body.inputs = {logits, bias};
    return body;
  }

  // A state that counts runs.
  void AddCounter() {
    float* data;
    converter::Weight one = converter::Weight::Make<float>("one", MakeShape({1}), &data);
    *data = 1;
    const ValueId step = g_.AddWeight(std::move(one));
    const ValueId before = Float("count"), after = Float("count.next");
    std::vector<fb::DimT> dims(1);
    dims[0].value = 1;
    Describe(before, MakeShape({1}), dims);
    fb::BinaryT add;
    add.kind = fb::BinaryKind::Add;
    g_.AddNode("counter", std::move(add), {before, step}, {after});
    g_.states.push_back({"count", before, after, -1});
    g_.outputs = {after};
  }

  converter::Graph g_;
  ValueId image_ = converter::kAbsent, negate_ = converter::kAbsent;
};

}  // namespace pare::testing
