#include "converter/import/onnx/facts.h"

#include <algorithm>
#include <cstring>

#include "runtime/core/tensor.h"

namespace pare::converter {

namespace {

// Constants longer than this parametrise nothing.
constexpr int64_t kMaxParameters = 1 << 16;

class Deducer {
 public:
  Deducer(const Graph& graph, const Node& node, std::vector<Facts>* facts)
      : graph_(graph), node_(node), facts_(*facts) {}

  void Run() {
    switch (node_.op.type) {
      case fb::Op::Unary: return Unary();
      case fb::Op::Binary: return Binary();
      case fb::Op::Where: return Set(0, Typed(Broadcast({0, 1, 2}), In(1)));
      case fb::Op::Cast: return Set(0, Of(static_cast<DType>(node_.op.AsCast()->to)));
      case fb::Op::Quantize: return Set(0, Of(DType::kU8));
      case fb::Op::Dequantize: return Set(0, Of(DType::kF32));
      case fb::Op::MatMul: return MatMul();
      case fb::Op::Reduce: {
        const auto& a = *node_.op.AsReduce();
        Facts f = Typed(Rank(In(0).rank), In(0));
        if (!a.keep_dims) f.rank = ReducedRank(a.axes, a.noop_with_empty_axes);
        if (f.rank == 1) f.length = In(0).rank == 1 && a.keep_dims ? 1 : -1;
        return Set(0, f);
      }
      case fb::Op::ArgReduce:
        return Set(0, I64(Offset(In(0).rank, node_.op.AsArgReduce()->keep_dims ? 0 : -1)));
      case fb::Op::Gather: return Gather();
      case fb::Op::GatherElements: return Set(0, Typed(In(1), In(0)));
      case fb::Op::GatherNd: return GatherNd();
      case fb::Op::Concat: return Concat();
      case fb::Op::Slice: return Slice();
      case fb::Op::Split:
        for (size_t i = 0; i < node_.outputs.size(); ++i) Set(i, Typed(Rank(In(0).rank), In(0)));
        return;
      case fb::Op::Reshape: {
        const auto& shape = node_.op.AsReshape()->shape;
        if (Has(1)) return Set(0, Typed(Rank(In(1).rank == 1 ? Small(In(1).length) : -1), In(0)));
        Facts f = Typed(Rank(static_cast<int>(shape.size())), In(0));
        if (f.rank == 1) f.length = shape[0] > 0 ? shape[0] : In(0).rank == 1 ? In(0).length : -1;
        return Set(0, f);
      }
      case fb::Op::Squeeze: return Squeeze();
      case fb::Op::Unsqueeze: return Unsqueeze();
      case fb::Op::Flatten: return Set(0, Typed(Rank(2), In(0)));
      case fb::Op::Expand: {
        const auto& shape = node_.op.AsExpand()->shape;
        const int64_t n = Has(1) ? In(1).length : static_cast<int64_t>(shape.size());
        return Set(
            0, Typed(Rank(n < 0 || In(0).rank < 0 ? -1 : std::max(Small(n), In(0).rank)), In(0)));
      }
      case fb::Op::TopK: Set(0, Typed(Rank(In(0).rank), In(0))); return Set(1, I64(In(0).rank));
      case fb::Op::Pool: Set(0, In(0)); return Set(1, I64(In(0).rank));
      case fb::Op::OneHot: return Set(0, Typed(Rank(Offset(In(0).rank, 1)), In(2)));
      case fb::Op::Range: return Set(0, Typed(Rank(1), In(0)));
      case fb::Op::ShapeOf: {
        const auto& a = *node_.op.AsShapeOf();
        Facts f = I64(1);
        const int64_t rank = In(0).rank;
        if (rank >= 0) {
          auto clamp = [&](int64_t v) {
            return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank);
          };
          f.length = std::max<int64_t>(0, clamp(a.end) - clamp(a.start));
        }
        return Set(0, f);
      }
      case fb::Op::Size: return Set(0, I64(0));
      case fb::Op::ConstantOfShape: {
        Facts f = Rank(In(0).rank == 1 ? Small(In(0).length) : -1);
        f.has_dtype = true;
        f.dtype = static_cast<DType>(node_.op.AsConstantOfShape()->dtype);
        return Set(0, f);
      }
      case fb::Op::EyeLike: {
        Facts f = Rank(2);
        f.has_dtype = true;
        f.dtype = static_cast<DType>(node_.op.AsEyeLike()->dtype);
        return Set(0, f);
      }
      case fb::Op::NonZero:
      case fb::Op::NonMaxSuppression: return Set(0, I64(2));
      case fb::Op::Compress:
        return Set(0, Typed(Rank(node_.op.AsCompress()->flat ? 1 : In(0).rank), In(0)));
      case fb::Op::Unique:
        Set(0, Typed(Rank(node_.op.AsUnique()->flat ? 1 : In(0).rank), In(0)));
        for (size_t i = 1; i < node_.outputs.size(); ++i) Set(i, I64(1));
        return;
      case fb::Op::Lstm:
      case fb::Op::Gru:
      case fb::Op::Rnn:
        Set(0, Typed(Rank(4), In(0)));
        for (size_t i = 1; i < node_.outputs.size(); ++i) Set(i, Typed(Rank(3), In(0)));
        return;
      case fb::Op::Det: return Set(0, Typed(Rank(Offset(In(0).rank, -2)), In(0)));
      case fb::Op::Einsum: return Einsum();
      case fb::Op::If:
      case fb::Op::Loop:
      case fb::Op::Scan:
      case fb::Op::Custom: return;  // control_flow.cc tells, from the body
      case fb::Op::Conv:
      case fb::Op::ConvTranspose:
      case fb::Op::MaxUnpool:
      case fb::Op::Pad:
      case fb::Op::Tile:
      case fb::Op::Resize: return Set(0, Typed(Rank(In(0).rank), In(0)));
      default:  // as input 0
        for (size_t i = 0; i < node_.outputs.size(); ++i) Set(i, In(0));
        return;
    }
  }

 private:
  bool Has(size_t i) const { return i < node_.inputs.size() && node_.inputs[i] != kAbsent; }
  Facts In(size_t i) const {
    return Has(i) ? facts_[static_cast<size_t>(node_.inputs[i])] : Facts{};
  }
  void Set(size_t i, const Facts& f) {
    if (i < node_.outputs.size() && node_.outputs[i] != kAbsent) {
      Facts& out = facts_[static_cast<size_t>(node_.outputs[i])];
      if (f.has_dtype) {
        out.has_dtype = true;
        out.dtype = f.dtype;
      }
      if (f.rank >= 0) {
        out.rank = f.rank;
        out.length = f.length;
      }
    }
  }
  // As input 0, of another type.
  Facts Of(DType type) const {
    Facts f = In(0);
    f.has_dtype = true;
    f.dtype = type;
    return f;
  }
  // A length as a rank: longer ones are no rank.
  static int Small(int64_t length) { return length <= kMaxRank ? static_cast<int>(length) : -1; }
  static int Offset(int rank, int by) { return rank < 0 ? -1 : std::max(rank + by, 0); }
  static Facts Rank(int rank) {
    Facts f;
    f.rank = rank;
    return f;
  }
  static Facts I64(int rank) {
    Facts f = Rank(rank);
    f.has_dtype = true;
    f.dtype = DType::kI64;
    return f;
  }
  static Facts Typed(Facts f, const Facts& type) {
    f.has_dtype = type.has_dtype;
    f.dtype = type.dtype;
    return f;
  }
  Facts Broadcast(std::initializer_list<size_t> inputs) const {
    Facts f = Rank(0);
    for (size_t i : inputs) {
      const Facts in = In(i);
      if (in.rank < 0) return Facts{};
      if (in.rank > f.rank) {
        f.rank = in.rank;
        f.length = in.length;
      } else if (in.rank == 1 && f.rank == 1 && (in.length > 1 || in.length < 0)) {
        f.length =
            f.length == 1 || in.length == f.length ? in.length : std::max(f.length, in.length);
      }
    }
    return f;
  }
  int ReducedRank(const std::vector<int64_t>& axes, bool noop) const {
    const int rank = In(0).rank;
    if (!axes.empty()) return Offset(rank, -static_cast<int>(axes.size()));
    if (Has(1)) return In(1).length < 0 ? -1 : Offset(rank, -Small(In(1).length));
    return noop ? rank : 0;
  }
  void Unary() {
    const fb::UnaryKind kind = node_.op.AsUnary()->activation->kind;
    Facts f = In(0);
    if (kind == fb::UnaryKind::IsNan || kind == fb::UnaryKind::IsInf) {
      f.has_dtype = true;
      f.dtype = DType::kBool;
    }
    Set(0, f);
  }
  void Binary() {
    Facts f = Typed(Broadcast({0, 1}), In(0).has_dtype ? In(0) : In(1));
    switch (node_.op.AsBinary()->kind) {
      case fb::BinaryKind::Equal:
      case fb::BinaryKind::Less:
      case fb::BinaryKind::LessOrEqual:
      case fb::BinaryKind::Greater:
      case fb::BinaryKind::GreaterOrEqual:
        f.has_dtype = true;
        f.dtype = DType::kBool;
        break;
      case fb::BinaryKind::Pow: f = Typed(f, In(0)); break;
      default: break;
    }
    Set(0, f);
  }
  void MatMul() {
    const int a = In(0).rank, b = In(1).rank;
    int rank = -1;
    if (a >= 0 && b >= 0) {
      rank = std::max({a, b, 2});
      if (a == 1) --rank;
      if (b == 1) --rank;
    }
    Set(0, Typed(Rank(rank), In(0)));
  }
  void Gather() {
    const int data = In(0).rank, indices = In(1).rank;
    Facts f = Typed(Rank(data < 0 || indices < 0 ? -1 : Offset(data, -1) + indices), In(0));
    if (data == 1 && indices == 1) f.length = In(1).length;
    Set(0, f);
  }
  void GatherNd() {
    Facts f = Typed(Facts{}, In(0));
    if (const Weight* w = Has(1) ? graph_.ConstantOf(node_.inputs[1]) : nullptr) {
      const int data = In(0).rank;
      if (data >= 0 && w->shape.rank > 0) {
        const int64_t batch = node_.op.AsGatherNd()->batch_dims;
        const int64_t rank = w->shape.rank - 1 + data - w->shape[w->shape.rank - 1] - batch;
        if (rank >= 0 && rank <= kMaxRank) f.rank = static_cast<int>(rank);
      }
    }
    Set(0, f);
  }
  void Concat() {
    Facts f = Typed(Facts{}, In(0));
    int64_t length = 0;
    for (size_t i = 0; i < node_.inputs.size(); ++i) {
      const Facts in = In(i);
      if (in.rank >= 0) f.rank = in.rank;
      if (in.length < 0) length = -1;
      if (length >= 0) length += in.length;
    }
    if (f.rank == 1) f.length = length;
    Set(0, f);
  }
  void Slice() {
    const auto& a = *node_.op.AsSlice();
    Facts f = Typed(Rank(In(0).rank), In(0));
    const int64_t n = In(0).length;
    if (f.rank == 1 && n >= 0 && a.starts.size() == 1 && a.ends.size() == 1) {
      const int64_t step = a.steps.empty() ? 1 : a.steps[0];
      auto clamp = [&](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + n : v, 0, n); };
      const int64_t begin = clamp(a.starts[0]), end = clamp(a.ends[0]);
      if (step > 0) f.length = end > begin ? (end - begin - 1) / step + 1 : 0;
    }
    Set(0, f);
  }
  void Squeeze() {
    const auto& axes = node_.op.AsSqueeze()->axes;
    int64_t n = static_cast<int64_t>(axes.size());
    if (Has(1)) n = In(1).length;
    if (n == 0) n = -1;  // every dimension of one, whichever these are
    Set(0, Typed(Rank(n < 0 ? -1 : Offset(In(0).rank, -Small(n))), In(0)));
  }
  void Unsqueeze() {
    const auto& axes = node_.op.AsUnsqueeze()->axes;
    const int64_t n = Has(1) ? In(1).length : static_cast<int64_t>(axes.size());
    Facts f = Typed(Rank(n < 0 || n > kMaxRank ? -1 : Offset(In(0).rank, Small(n))), In(0));
    if (f.rank == 1) f.length = 1;
    Set(0, f);
  }
  void Einsum() {
    const std::string& equation = node_.op.AsEinsum()->equation;
    const size_t arrow = equation.find("->");
    Facts f = Typed(Facts{}, In(0));
    if (arrow != equation.npos && equation.find('.') == equation.npos) {
      const auto letters =
          std::count_if(equation.begin() + static_cast<std::ptrdiff_t>(arrow), equation.end(),
                        [](unsigned char c) { return isalpha(c); });
      f.rank = letters <= kMaxRank ? static_cast<int>(letters) : -1;
    }
    Set(0, f);
  }

  const Graph& graph_;
  const Node& node_;
  std::vector<Facts>& facts_;
};

}  // namespace

void DeduceFacts(const Graph& graph, const Node& node, std::vector<Facts>* facts) {
  Deducer(graph, node, facts).Run();
}

bool ConstantIntegers(const Graph& graph, ValueId v, std::vector<int64_t>* values) {
  const Weight* w = graph.ConstantOf(v);
  if (w == nullptr || IsFloat(w->dtype) || w->shape.Elements() > kMaxParameters) return false;
  Tensor t;
  t.data = const_cast<std::byte*>(w->bytes.data);
  t.shape = w->shape;
  t.dtype = w->dtype;
  values->clear();
  for (int64_t i = 0; i < w->shape.Elements(); ++i) values->push_back(IntegerAt(t, i));
  return true;
}

float FloatAt(const Weight& weight, int64_t i) {
  switch (weight.dtype) {
    case DType::kF64: return static_cast<float>(weight.Data<double>()[i]);
    case DType::kF16: return HalfToFloat(weight.Data<uint16_t>()[i]);
    case DType::kBF16: return Bfloat16ToFloat(weight.Data<uint16_t>()[i]);
    default: return weight.Data<float>()[i];
  }
}

bool ConstantFloats(const Graph& graph, ValueId v, std::vector<float>* values) {
  const Weight* w = graph.ConstantOf(v);
  if (w == nullptr || !IsFloat(w->dtype) || w->shape.Elements() > kMaxParameters) return false;
  values->clear();
  for (int64_t i = 0; i < w->shape.Elements(); ++i) values->push_back(FloatAt(*w, i));
  return true;
}

}  // namespace pare::converter
