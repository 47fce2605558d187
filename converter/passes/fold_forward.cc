// What precedes linear operators and is linear itself goes into them: x * s is read by convolutions
// and products only, so their weights take s; x + t likewise becomes a bias, and where a
// convolution pads with zeros behind the sum it pads with -t before it. PP-OCR's learned scale and
// shift behind each activation are of this kind.
#include <algorithm>
#include <cmath>

#include "converter/passes/match.h"
#include "converter/passes/passes.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;

// How a linear operator reads the channels of its first input: weight element i of an output
// channel's row belongs to input channel first + i % period.
struct Reader {
  Node* node;
  int64_t rows, length;  // output channels, weights of each
  int64_t row_stride, step;
  int64_t period, rows_per_group;

  int64_t ChannelOf(int64_t row, int64_t i) const {
    return row / rows_per_group * period + i % period;
  }
};

bool IsUnpadded(const fb::ConvT& conv) {
  const bool explicit_zero =
      conv.auto_pad == fb::AutoPad::Explicit &&
      std::all_of(conv.pads.begin(), conv.pads.end(), [](int64_t pad) { return pad == 0; });
  return explicit_zero || conv.auto_pad == fb::AutoPad::Valid;
}

class ForwardFolder {
 public:
  explicit ForwardFolder(Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()) {}

  void Run() {
    bool changed = true;
    while (changed) {
      changed = false;
      std::vector<Node*> nodes = rewriter_.Nodes();
      // Last first: a term that goes lets the factor before it go too.
      for (auto n = nodes.rbegin(); n != nodes.rend(); ++n) {
        if ((*n)->op.type != fb::Op::Binary) continue;
        if (FoldTerm(*n)) {
          changed = true;
        } else {
          PullFactor(*n);
        }
      }
      for (auto n = nodes.rbegin(); n != nodes.rend(); ++n) {
        if ((*n)->op.type == fb::Op::Binary) changed |= FoldFactor(*n);
      }
    }
  }

 private:
  // x and c of `x op c`, c constant.
  bool Split(const Node* n, BinaryKind commuting, BinaryKind inverse, ValueId* x,
             ValueId* c) const {
    const bool commutes = IsPlainBinary(n, commuting);
    if (!commutes && !IsPlainBinary(n, inverse)) return false;
    const auto constant = [&](ValueId v) {
      const Weight* w = graph_.ConstantOf(v);
      return w != nullptr && w->dtype == DType::kF32;
    };
    return MatchOperands(n, commutes, constant, x, c) && !graph_.IsConstant(*x) &&
           SameShape(graph_, *x, n->outputs[0]);
  }

  bool ReaderOf(Node* n, ValueId v, Reader* r) const {
    const Weight* w = PlainF32(graph_, InputOf(n, 1));
    const bool first = n->inputs[0] == v && std::count(n->inputs.begin(), n->inputs.end(), v) == 1;
    if (!first || w == nullptr || w->shape.rank < 2 || w->shape.Elements() == 0) return false;
    r->node = n;
    if (const fb::MatMulT* matmul = n->op.AsMatMul()) {
      if (w->shape.rank != 2 || matmul->trans_a || matmul->alpha != 1) return false;
      r->rows = w->shape[matmul->trans_b ? 0 : 1];
      r->length = w->shape[matmul->trans_b ? 1 : 0];
      r->row_stride = matmul->trans_b ? r->length : 1;
      r->step = matmul->trans_b ? 1 : r->rows;
      r->period = r->length;
      r->rows_per_group = r->rows;
      return true;
    }
    int64_t group;
    if (const fb::ConvT* conv = n->op.AsConv()) {
      group = conv->group;
    } else if (const fb::ConvTransposeT* conv_transpose = n->op.AsConvTranspose()) {
      group = conv_transpose->group;
    } else {
      return false;
    }
    if (group <= 0 || w->shape[0] % group != 0) return false;
    r->rows = w->shape[0];
    r->length = w->shape.Elements() / r->rows;
    r->row_stride = r->length;
    r->step = 1;
    r->period = w->shape[w->shape.rank - 1];
    r->rows_per_group = r->rows / group;
    return true;
  }

  // Everyone who reads v, if all of them are linear.
  std::vector<Reader> ReadersOf(ValueId v, bool term) const {
    std::vector<Reader> readers;
    if (rewriter_.IsOutput(v)) return {};
    for (Node* n : rewriter_.Users(v)) {
      Reader reader;
      if (!ReaderOf(n, v, &reader)) return {};
      // A transposed convolution has fewer taps at its border, and nothing outside to read.
      if (term && n->op.type == fb::Op::ConvTranspose) return {};
      readers.push_back(reader);
    }
    return readers;
  }

  // c for each channel, or empty: one number, or one for each value of the last dimension.
  std::vector<float> PerChannel(ValueId c, ValueId x) const {
    const Weight* w = graph_.ConstantOf(c);
    const Shape& shape = graph_.values[x].shape;
    if (!graph_.values[x].has_shape || shape.rank == 0 || shape[shape.rank - 1] <= 0) return {};
    const int64_t channels = shape[shape.rank - 1], elements = w->shape.Elements();
    const float* data = w->Data<float>();
    if (elements == 1) return std::vector<float>(static_cast<size_t>(channels), data[0]);
    if (elements != channels || w->shape[w->shape.rank - 1] != channels) return {};
    return std::vector<float>(data, data + elements);
  }
  static bool Fits(const std::vector<Reader>& readers, size_t channels) {
    return std::all_of(readers.begin(), readers.end(), [&](const Reader& r) {
      return r.rows / r.rows_per_group * r.period == static_cast<int64_t>(channels);
    });
  }

  static constexpr size_t kPadding = 4;

  bool FoldTerm(Node* n) {
    ValueId x, c;
    if (!Split(n, BinaryKind::Add, BinaryKind::Sub, &x, &c)) return false;
    const std::vector<Reader> readers = ReadersOf(n->outputs[0], true);
    std::vector<float> term = PerChannel(c, x);
    if (readers.empty() || term.empty() || !Fits(readers, term.size())) return false;
    if (IsBinary(n, BinaryKind::Sub)) {
      for (float& t : term) t = -t;
    }
    for (const Reader& r : readers) {
      const Weight* old = graph_.ConstantOf(InputOf(r.node, 2));
      if (InputOf(r.node, 2) != kAbsent &&
          (old == nullptr || old->dtype != DType::kF32 || old->shape.Elements() != r.rows))
        return false;
    }
    for (const Reader& r : readers) {
      AddToBias(r, term);
      MovePadding(r.node, [&](size_t i, float old) { return old - term[i]; });
    }
    rewriter_.Bypass(n, x);
    return true;
  }
  // The padding of a convolution after its input changed: `moved` of each channel's.
  template <class F>
  void MovePadding(Node* n, const F& moved) {
    if (n->op.type != fb::Op::Conv || IsUnpadded(*n->op.AsConv())) return;
    const Weight* old = graph_.ConstantOf(InputOf(n, kPadding));
    const Shape& x = graph_.values[n->inputs[0]].shape;
    Shape shape;
    shape.Push(x[x.rank - 1]);
    float* data;
    Weight weight = Weight::Make(n->name + "/padding", shape, &data);
    for (int64_t i = 0; i < shape[0]; ++i)
      data[i] = moved(static_cast<size_t>(i), old == nullptr ? 0 : old->Data<float>()[i]);
    rewriter_.SetInput(n, kPadding, rewriter_.NewWeight(std::move(weight)));
  }
  void AddToBias(const Reader& r, const std::vector<float>& term) {
    const Weight* old = graph_.ConstantOf(InputOf(r.node, 2));
    Shape shape;
    shape.Push(r.rows);
    float* bias;
    Weight weight = Weight::Make(r.node->name + "/bias", shape, &bias);
    const float* data = graph_.ConstantOf(r.node->inputs[1])->Data<float>();
    for (int64_t row = 0; row < r.rows; ++row) {
      double sum = old != nullptr ? old->Data<float>()[row] : 0;
      for (int64_t i = 0; i < r.length; ++i)
        sum += double{data[row * r.row_stride + i * r.step]} *
               term[static_cast<size_t>(r.ChannelOf(row, i))];
      bias[row] = static_cast<float>(sum);
    }
    rewriter_.SetInput(r.node, 2, rewriter_.NewWeight(std::move(weight)));
  }

  // x * s + t becomes (x + t / s) * s, so that s can go on where t cannot.
  void PullFactor(Node* n) {
    ValueId product, t, x, s;
    if (!Split(n, BinaryKind::Add, BinaryKind::Sub, &product, &t)) return;
    Node* mul = rewriter_.Producer(product);
    if (mul == nullptr || !rewriter_.OnlyUse(product) ||
        !Split(mul, BinaryKind::Mul, BinaryKind::Mul, &x, &s))
      return;
    const std::vector<Reader> readers = ReadersOf(n->outputs[0], false);
    const std::vector<float> factor = PerChannel(s, x), term = PerChannel(t, x);
    if (readers.empty() || factor.empty() || term.empty() || !Fits(readers, factor.size())) return;
    std::vector<float> shift(term.size());
    for (size_t i = 0; i < term.size(); ++i) {
      if (std::fabs(factor[i]) < 1e-3f) return;  // the quotient would lose what x holds
      shift[i] = term[i] / factor[i];
    }
    const bool one =
        graph_.ConstantOf(s)->shape.Elements() == 1 && graph_.ConstantOf(t)->shape.Elements() == 1;
    if (one) shift.resize(1);
    Shape shape;
    shape.Push(static_cast<int64_t>(shift.size()));
    float* data;
    Weight weight = Weight::Make(n->name + "/shift", shape, &data);
    std::copy(shift.begin(), shift.end(), data);
    n->op.AsBinary()->kind = IsBinary(n, BinaryKind::Sub) ? BinaryKind::Sub : BinaryKind::Add;
    rewriter_.SetInputs(n, {x, rewriter_.NewWeight(std::move(weight))});
    ScaleReaders(readers, factor);
    rewriter_.EraseIfUnused(mul);
  }

  bool FoldFactor(Node* n) {
    ValueId x, c;
    if (!Split(n, BinaryKind::Mul, BinaryKind::Div, &x, &c)) return false;
    const std::vector<Reader> readers = ReadersOf(n->outputs[0], false);
    std::vector<float> factor = PerChannel(c, x);
    if (readers.empty() || factor.empty() || !Fits(readers, factor.size())) return false;
    const bool padded = std::any_of(readers.begin(), readers.end(), [](const Reader& r) {
      return InputOf(r.node, kPadding) != kAbsent;
    });
    if (padded && std::count(factor.begin(), factor.end(), 0.0f) > 0) return false;
    if (IsBinary(n, BinaryKind::Div)) {
      for (float& f : factor) f = 1 / f;
    }
    ScaleReaders(readers, factor);
    rewriter_.Bypass(n, x);
    return true;
  }
  void ScaleReaders(const std::vector<Reader>& readers, const std::vector<float>& factor) {
    for (const Reader& r : readers) {
      ScaleChannels(r, factor);
      if (InputOf(r.node, kPadding) != kAbsent)
        MovePadding(r.node, [&](size_t i, float old) { return old / factor[i]; });
    }
  }
  void ScaleChannels(const Reader& r, const std::vector<float>& factor) {
    const Weight& old = *graph_.ConstantOf(r.node->inputs[1]);
    float* scaled;
    Weight weight = Weight::Make(old.name, old.shape, &scaled);
    const float* data = old.Data<float>();
    for (int64_t row = 0; row < r.rows; ++row) {
      for (int64_t i = 0; i < r.length; ++i) {
        const int64_t at = row * r.row_stride + i * r.step;
        scaled[at] = data[at] * factor[static_cast<size_t>(r.ChannelOf(row, i))];
      }
    }
    rewriter_.SetInput(r.node, 1, rewriter_.NewWeight(std::move(weight)));
  }

  Rewriter& rewriter_;
  Graph& graph_;
};

}  // namespace

Status FoldForward(Graph& graph, const Options&) {
  Rewriter rewriter(graph);
  ForwardFolder(rewriter).Run();
  return Ok();
}

}  // namespace pare::converter
