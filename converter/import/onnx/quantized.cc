#include "converter/import/onnx/quantized.h"

#include <algorithm>
#include <cstring>

#include "converter/import/onnx/importer.h"
#include "converter/import/onnx/ops.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;

constexpr int64_t kMostSpread = int64_t{1} << 30;  // elements that scales of blocks become
constexpr int64_t kSignedOffset = 128;             // the runtime's quantized values are u8
constexpr float kLeastScale = 1e-18F, kMostScale = 1e18F;

// ---- Scales

// The scale and zero point of a whole tensor, where they are constants that a Value can hold.
bool OneScale(OnnxNode& n, const Scaling& s, float* scale, int64_t* zero) {
  std::vector<float> scales;
  std::vector<int64_t> zeros = {0};
  if (!n.FloatsOf(s.scale, &scales) || scales.size() != 1) return false;
  if (s.zero != kAbsent && (!n.Integers(s.zero, &zeros) || zeros.size() != 1)) return false;
  *scale = scales[0];
  *zero = zeros[0];
  return *scale >= kLeastScale && *scale <= kMostScale;
}

bool SameScaling(OnnxNode& n, const Scaling& a, const Scaling& b) {
  if (a.scale == b.scale && a.zero == b.zero) return true;
  float scales[2];
  int64_t zeros[2];
  return OneScale(n, a, &scales[0], &zeros[0]) && OneScale(n, b, &scales[1], &zeros[1]) &&
         scales[0] == scales[1] && zeros[0] == zeros[1];
}

// Each slice of `w` along `axis` `times` over; of the last as many as `length` has room for.
Weight Repeated(const Weight& w, int axis, int64_t times, int64_t length) {
  Weight result = w;
  result.shape[axis] = length;
  std::byte* data;
  const size_t inner =
      static_cast<size_t>(w.shape.Elements(axis + 1, w.shape.rank)) * SizeOf(w.dtype);
  const int64_t outer = w.shape.Elements(0, axis);
  result.bytes = Bytes::Allocate(static_cast<size_t>(outer * length) * inner, &data);
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < length; ++i)
      std::memcpy(data + static_cast<size_t>(o * length + i) * inner,
                  w.bytes.data + static_cast<size_t>(o * w.shape[axis] + i / times) * inner, inner);
  }
  return result;
}

Result<ValueId> SpreadBlocks(OnnxNode& n, ValueId v, ValueId x, const Scaling& s) {
  const Weight* w = n.graph().ConstantOf(v);
  if (w == nullptr) return Unsupported("scales of blocks that are not constant");
  int64_t axis = s.axis;
  if (!NormalizeAxis(w->shape.rank, &axis)) return Malformed("its axis is out of range");
  const int at = static_cast<int>(axis);
  const Weight* data = n.graph().ConstantOf(x);
  if (s.block > kMostSpread || w->shape.Elements() > kMostSpread / s.block)
    return Malformed("its blocks are too large");
  int64_t length = w->shape[at] * s.block;
  if (data != nullptr) {
    const int64_t blocks =
        data->shape.rank == w->shape.rank ? (data->shape[at] + s.block - 1) / s.block : -1;
    if (blocks != w->shape[at]) return Malformed("its scales and blocks do not fit its input");
    length = data->shape[at];
  }
  return n.scope().builder->AddWeight(Repeated(*w, at, s.block, length));
}

ValueId AsFloat(OnnxNode& n, ValueId v) {
  if (n.Of(v).has_dtype && IsFloat(n.Of(v).dtype)) return v;
  fb::CastT cast;
  cast.to = fb::DType::F32;
  return n.Make(std::move(cast), {v});
}

// ---- Constants

// Where element i of x has its number in a constant that broadcasts to x.
class Lane {
 public:
  Lane(const Weight* w, const Shape& x, int64_t axis)
      : count_(w == nullptr ? 1 : w->shape.Elements()) {
    full_ = count_ == x.Elements();
    if (!full_ && count_ != 1) inner_ = x.Elements(static_cast<int>(axis) + 1, x.rank);
  }
  int64_t At(int64_t i) const { return full_ ? i : i / inner_ % count_; }

 private:
  int64_t count_, inner_ = 1;
  bool full_;
};

Tensor View(const Weight& w) {
  Tensor t;
  t.data = const_cast<std::byte*>(w.bytes.data);
  t.shape = w.shape;
  t.dtype = w.dtype;
  return t;
}

// The real numbers of a constant, or kAbsent where something is not constant.
Result<ValueId> DequantizedConstant(OnnxNode& n, ValueId q, const Scaling& s) {
  const Graph& graph = n.graph();
  if (!graph.IsConstant(q) || !graph.IsConstant(s.scale) ||
      (s.zero != kAbsent && !graph.IsConstant(s.zero)) || IsFloat(graph.ConstantOf(q)->dtype))
    return kAbsent;
  const ValueId scale = PARE_TRY(Spread(n, s.scale, q, s));
  const ValueId zero = s.zero == kAbsent ? kAbsent : PARE_TRY(Spread(n, s.zero, q, s));
  const Weight& x = *graph.ConstantOf(q);
  int64_t axis = s.axis;
  if (!NormalizeAxis(x.shape.rank, &axis)) axis = 0;
  std::vector<float> scales(static_cast<size_t>(graph.ConstantOf(scale)->shape.Elements()));
  const int64_t count = x.shape.Elements(), each = static_cast<int64_t>(scales.size());
  const int64_t dim = x.shape.rank == 0 ? 1 : x.shape[static_cast<int>(axis)];
  if (each != 1 && each != count && each != dim)
    return Malformed("its scales do not fit its input");
  const Weight* z = zero == kAbsent ? nullptr : graph.ConstantOf(zero);
  if (z != nullptr && z->shape.Elements() != each)
    return Malformed("it has more or fewer zero points than scales");
  for (int64_t i = 0; i < each; ++i)
    scales[static_cast<size_t>(i)] = FloatAt(*graph.ConstantOf(scale), i);
  const Lane lane(graph.ConstantOf(scale), x.shape, axis);
  const Tensor integers = View(x), zeros = z == nullptr ? Tensor() : View(*z);
  float* out;
  Weight real = Weight::Make(x.name, x.shape, &out);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t k = lane.At(i);
    const int64_t offset = z == nullptr ? 0 : IntegerAt(zeros, k);
    out[i] = static_cast<float>(IntegerAt(integers, i) - offset) * scales[static_cast<size_t>(k)];
  }
  return n.scope().builder->AddWeight(std::move(real));
}

// ---- Values

// x rounded to what u8 with that scale and zero point can say.
ValueId Rounded(OnnxNode& n, ValueId x, float scale, int64_t zero) {
  const ValueId q = n.Make(fb::QuantizeT(), {x});
  Value& value = n.graph().values[static_cast<size_t>(q)];
  value.scale = scale;
  value.zero_point = static_cast<int32_t>(zero);
  return n.Make(fb::DequantizeT(), {q});
}

// The zero point where the runtime's u8 holds integers of that type.
bool ZeroOfU8(DType type, int bits, int64_t zero, int64_t* result) {
  if (bits != 8 || (type != DType::kU8 && type != DType::kI8)) return false;
  *result = type == DType::kI8 ? zero + kSignedOffset : zero;
  return *result >= 0 && *result <= UINT8_MAX;
}

// Makes output i round(x / scale) + zero.
Status EmitIntegers(OnnxNode& n, int i, ValueId x, const Scaling& s, DType type, int bits) {
  const bool is_signed = type == DType::kI8 || type == DType::kI16;
  const float low = is_signed ? -static_cast<float>(1 << (bits - 1)) : 0;
  const float high = low + static_cast<float>((1 << bits) - 1);
  ValueId v = n.Binary(BinaryKind::Div, AsFloat(n, x), PARE_TRY(Spread(n, s.scale, x, s)));
  v = n.Unary(fb::UnaryKind::Round, v);
  if (s.zero != kAbsent)
    v = n.Binary(BinaryKind::Add, v, AsFloat(n, PARE_TRY(Spread(n, s.zero, x, s))));
  v = n.Unary(fb::UnaryKind::Clip, v, low, high);
  fb::CastT cast;
  cast.to = static_cast<fb::DType>(type);
  return n.Emit(std::move(cast), {v}, {n.Out(i)});
}

// ---- Readers

// ai.onnx operators that only move numbers, or choose among them.
constexpr const char* kMovers[] = {
    "Concat", "DepthToSpace", "Expand", "Flatten", "Gather", "Identity",  "MaxPool",  "Reshape",
    "Slice",  "SpaceToDepth", "Split",  "Squeeze", "Tile",   "Transpose", "Unsqueeze"};

Result<bool> ImportMover(OnnxNode& n) {
  const auto& quantized = n.scope().builder->quantized;
  const auto first = quantized.find(n.In(0));
  const bool moves = std::any_of(std::begin(kMovers), std::end(kMovers),
                                 [&](const char* name) { return n.op() == name; });
  const bool has_indices = n.op() == "MaxPool" && n.Wants(1);
  if (!moves || first == quantized.end() || has_indices) return false;
  const QuantizedValue as = first->second;
  const DType type = n.Of(n.In(0)).dtype;
  const Scaling scaling = {as.scale, as.zero};
  std::vector<ValueId> inputs = n.Inputs();
  for (size_t i = 0; i < (n.op() == "Concat" ? inputs.size() : 1); ++i) {
    const auto found = quantized.find(inputs[i]);
    if (found == quantized.end() || n.Of(inputs[i]).dtype != type ||
        !SameScaling(n, scaling, {found->second.scale, found->second.zero}))
      return false;
    inputs[i] = found->second.real;
  }
  const std::vector<ValueId> moved = PARE_TRY(ImportTwin(n, n.op().c_str(), inputs));
  for (int i = 0; i < n.output_count(); ++i) {
    if (!n.Wants(i)) continue;
    PARE_TRY(EmitIntegers(n, i, moved[static_cast<size_t>(i)], scaling, type, 8));
    n.scope().builder->quantized[n.Out(i)] = {moved[static_cast<size_t>(i)], as.scale, as.zero};
  }
  return true;
}

// What `v` is beside `factor` in a product of the two: kAbsent where it is something else.
// *alone: it is `factor` itself.
ValueId FactorBeside(const Graph& graph, ValueId v, ValueId factor, bool* alone) {
  *alone = v == factor;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (node->outputs[0] != v) continue;
    const fb::BinaryT* binary = node->op.AsBinary();
    if (binary == nullptr || binary->kind != BinaryKind::Mul) return kAbsent;
    if (node->inputs[0] == factor) return node->inputs[1];
    return node->inputs[1] == factor ? node->inputs[0] : kAbsent;
  }
  return kAbsent;
}

// Sums of integer products on their way to floats: Cast, then Mul by both scales.
Result<bool> ImportProductReader(OnnxNode& n) {
  auto& products = n.scope().builder->products;
  if (n.op() == "Cast" && products.count(n.In(0)) != 0) {
    const IntegerProduct product = products.at(n.In(0));
    PARE_TRY(FindOnnxOp("", "Cast")->import(n));
    products[n.Out(0)] = product;
    return true;
  }
  if (n.op() != "Mul" || n.input_count() != 2) return false;
  for (int i = 0; i < 2; ++i) {
    const auto found = products.find(n.In(i));
    if (found == products.end()) continue;
    bool alone;
    const ValueId factor = FactorBeside(n.graph(), n.In(1 - i), found->second.scale, &alone);
    if (alone) {
      PARE_TRY(n.Emit(fb::IdentityT(), {found->second.real}));
    } else if (factor != kAbsent) {
      PARE_TRY(n.Emit(MakeBinary(BinaryKind::Mul), {found->second.real, factor}));
    } else {
      continue;
    }
    return true;
  }
  return false;
}

// That no tensor of the file has so far.
std::string UnusedName(OnnxNode& n) {
  std::string name;
  do {
    name = n.importer().FreshName(n.name());
  } while (n.scope().names.count(name) != 0);
  return name;
}

}  // namespace

Result<ValueId> Spread(OnnxNode& n, ValueId v, ValueId x, const Scaling& s) {
  if (s.block > 0) return SpreadBlocks(n, v, x, s);
  const Facts known = n.Of(v);
  const int rank = n.Of(x).rank;
  if (known.rank != 1 || (known.length == 1 && rank > 0)) return v;
  if (rank < 0)
    return Unsupported("scales along an axis of an input whose number of dimensions is not known");
  int64_t axis = s.axis;
  // Old exporters give the scale of the whole tensor as a list of one.
  if (rank == 0) {
    axis = 0;
  } else if (!NormalizeAxis(rank, &axis)) {
    return Malformed("its axis is out of range");
  }
  fb::ReshapeT reshape;
  if (rank > 0) reshape.shape.assign(static_cast<size_t>(rank - axis), 1);
  if (rank > 0) reshape.shape[0] = known.length > 0 ? known.length : -1;
  const Weight* w = n.graph().ConstantOf(v);
  if (w == nullptr) return n.Make(std::move(reshape), {v});
  Weight shaped = *w;
  shaped.shape.rank = 0;
  for (int64_t dim : reshape.shape) shaped.shape.Push(dim);
  if (shaped.shape.Elements() != w->shape.Elements())
    return Malformed("its scales do not fit its input");
  return n.scope().builder->AddWeight(std::move(shaped));
}

Result<ValueId> Dequantized(OnnxNode& n, ValueId q, const Scaling& scaling) {
  const auto& quantized = n.scope().builder->quantized;
  const auto found = quantized.find(q);
  if (found != quantized.end() &&
      SameScaling(n, scaling, {found->second.scale, found->second.zero}))
    return found->second.real;
  const ValueId constant = PARE_TRY(DequantizedConstant(n, q, scaling));
  if (constant != kAbsent) return constant;
  ValueId v = AsFloat(n, q);
  if (scaling.zero != kAbsent)
    v = n.Binary(BinaryKind::Sub, v, AsFloat(n, PARE_TRY(Spread(n, scaling.zero, q, scaling))));
  v = n.Binary(BinaryKind::Mul, v, PARE_TRY(Spread(n, scaling.scale, q, scaling)));
  float scale;
  int64_t zero;
  // Nothing is rounded: this says that the numbers are of that scale.
  const bool fits = OneScale(n, scaling, &scale, &zero) && ZeroOfU8(n.Of(q).dtype, 8, zero, &zero);
  return fits ? Rounded(n, v, scale, zero) : v;
}

Status EmitQuantized(OnnxNode& n, int i, ValueId x, const Scaling& scaling, DType type, int bits) {
  float scale;
  int64_t zero;
  if (!OneScale(n, scaling, &scale, &zero) || !ZeroOfU8(type, bits, zero, &zero))
    return EmitIntegers(n, i, x, scaling, type, bits);
  const ValueId real = Rounded(n, AsFloat(n, x), scale, zero);
  PARE_TRY(EmitIntegers(n, i, real, scaling, type, bits));
  n.scope().builder->quantized[n.Out(i)] = {real, scaling.scale, scaling.zero};
  return Ok();
}

Result<std::vector<ValueId>> ImportTwin(OnnxNode& n, const char* op,
                                        const std::vector<ValueId>& inputs) {
  NodeProto proto;
  proto.set_op_type(op);
  proto.set_name(n.proto().name().empty() ? n.proto().output(0) : n.proto().name());
  *proto.mutable_attribute() = n.proto().attribute();
  auto& names = n.scope().names;
  for (ValueId v : inputs) {
    proto.add_input(v == kAbsent ? std::string() : UnusedName(n));
    if (v != kAbsent) names[proto.input(proto.input_size() - 1)] = v;
  }
  for (int i = 0; i < n.output_count(); ++i)
    proto.add_output(n.Wants(i) ? UnusedName(n) : std::string());
  OnnxNode twin(n.importer(), n.scope(), proto);
  PARE_TRY(FindOnnxOp("", op)->import(twin));
  PARE_TRY(Status(twin.attribute_error()));
  std::vector<ValueId> outputs = twin.Outputs();
  for (const auto* used : {&proto.input(), &proto.output()}) {
    for (const std::string& name : *used) names.erase(name);
  }
  return outputs;
}

Result<bool> ImportReaderOfQuantized(OnnxNode& n) {
  const GraphBuilder& builder = *n.scope().builder;
  if (n.proto().domain() != "" && n.proto().domain() != "ai.onnx") return false;
  if (!builder.quantized.empty() && PARE_TRY(ImportMover(n))) return true;
  return builder.products.empty() ? false : ImportProductReader(n);
}

}  // namespace pare::converter
