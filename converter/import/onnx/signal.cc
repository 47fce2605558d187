// Fourier transforms and windows.
#include <cmath>

#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

using fb::BinaryKind;
using fb::UnaryKind;

Status ImportDft(OnnxNode& n) {
  fb::DftT op;
  op.inverse = n.Int("inverse", 0) != 0;
  op.onesided = n.Int("onesided", 0) != 0;
  op.axis = n.Int("axis", 1);
  if (n.opset() >= 20) {
    std::vector<int64_t> axis = {-2};
    if (n.In(2) != kAbsent && (!n.Integers(n.In(2), &axis) || axis.size() != 1))
      return Unsupported("an axis that is not constant");
    op.axis = axis[0];
  }
  return n.Emit(std::move(op), {n.In(0), n.In(1)});
}

ValueId MakeCast(OnnxNode& n, ValueId x, DType to) {
  fb::CastT op;
  op.to = static_cast<fb::DType>(to);
  return n.Make(std::move(op), {x});
}

ValueId MakeReshape(OnnxNode& n, ValueId x, std::vector<int64_t> shape) {
  fb::ReshapeT op;
  op.shape = std::move(shape);
  return n.Make(std::move(op), {x});
}

// Frames of the signal by Gather, times the window, then transformed.
Status ImportStft(OnnxNode& n) {
  const ValueId signal = n.In(0), window = n.In(2);
  const ValueId zero = n.Scalar<int64_t>(0), one = n.Scalar<int64_t>(1);
  const ValueId step = MakeCast(n, MakeReshape(n, n.In(1), {}), DType::kI64);
  ValueId length;
  if (n.In(3) != kAbsent) {
    length = MakeCast(n, MakeReshape(n, n.In(3), {}), DType::kI64);
  } else if (window != kAbsent) {
    length = n.Make(fb::SizeT{}, {window});
  } else {
    return Malformed("it has neither a window nor a frame length");
  }
  fb::GatherT dimension;
  const ValueId samples = n.Make(std::move(dimension), {n.Make(fb::ShapeOfT{}, {signal}), one});
  const ValueId end = n.Binary(BinaryKind::Add, n.Binary(BinaryKind::Sub, samples, length), one);
  const ValueId starts = n.Make(fb::RangeT{}, {zero, end, step});
  const ValueId offsets = n.Make(fb::RangeT{}, {zero, length, one});
  const ValueId indices =
      n.Binary(BinaryKind::Add, MakeReshape(n, starts, {-1, 1}), MakeReshape(n, offsets, {1, -1}));
  fb::GatherT take;
  take.axis = 1;
  // Signals may come without the last dimension, of one: [batch, samples].
  ValueId x = signal;
  if (n.Of(signal).rank == 2) x = n.Unsqueeze(signal, {2});
  ValueId frames = n.Make(std::move(take), {x, indices});
  if (window != kAbsent)
    frames = n.Binary(BinaryKind::Mul, frames, MakeReshape(n, window, {-1, 1}));
  fb::DftT op;
  op.axis = 2;
  op.onesided = n.Int("onesided", 1) != 0;
  return n.Emit(std::move(op), {frames});
}

// a0 - a1 cos(2 pi i / n) + a2 cos(4 pi i / n).
Status ImportWindow(OnnxNode& n) {
  const auto type = static_cast<int32_t>(n.Int("output_datatype", 1));
  DType dtype;
  if (!ToDType(type, &dtype)) return Unsupported("element type " + OnnxTypeName(type));
  float a0 = 0.5F, a1 = 0.5F, a2 = 0;
  if (n.op() == "HammingWindow") {
    a0 = 25.0F / 46.0F;
    a1 = 21.0F / 46.0F;
  } else if (n.op() == "BlackmanWindow") {
    a0 = 0.42F;
    a2 = 0.08F;
  }
  const ValueId size = MakeCast(n, MakeReshape(n, n.In(0), {}), DType::kI64);
  const ValueId index = MakeCast(
      n, n.Make(fb::RangeT{}, {n.Scalar<int64_t>(0), size, n.Scalar<int64_t>(1)}), DType::kF32);
  ValueId period = MakeCast(n, size, DType::kF32);
  if (n.Int("periodic", 1) == 0) period = n.Binary(BinaryKind::Sub, period, n.Scalar<float>(1));
  const ValueId turn =
      n.Binary(BinaryKind::Div,
               n.Binary(BinaryKind::Mul, index, n.Scalar<float>(6.28318530717958648F)), period);
  const ValueId first =
      n.Binary(BinaryKind::Mul, n.Unary(UnaryKind::Cos, turn), n.Scalar<float>(a1));
  ValueId y = n.Binary(BinaryKind::Sub, n.Scalar<float>(a0), first);
  if (a2 != 0) {
    const ValueId twice = n.Binary(BinaryKind::Add, turn, turn);
    y = n.Binary(BinaryKind::Add, y,
                 n.Binary(BinaryKind::Mul, n.Unary(UnaryKind::Cos, twice), n.Scalar<float>(a2)));
  }
  fb::CastT cast;
  cast.to = static_cast<fb::DType>(dtype);
  return n.Emit(std::move(cast), {y});
}

double ToMel(double hertz) { return 2595.0 * std::log10(1.0 + hertz / 700.0); }
double ToHertz(double mel) { return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0); }

// The triangles of a mel filter bank, [spectrogram bins, mel bins].
std::vector<float> MelTriangles(int64_t mel_bins, int64_t dft_length, int64_t rate, double low,
                                double high) {
  const int64_t bins = dft_length / 2 + 1;
  std::vector<int64_t> edges;
  const double low_mel = ToMel(low),
               step = (ToMel(high) - low_mel) / static_cast<double>(mel_bins + 2);
  for (int64_t i = 0; i < mel_bins + 2; ++i) {
    const double hertz = ToHertz(low_mel + step * static_cast<double>(i));
    edges.push_back(static_cast<int64_t>(
        std::floor(static_cast<double>(dft_length + 1) * hertz / static_cast<double>(rate))));
  }
  std::vector<float> matrix(static_cast<size_t>(bins * mel_bins), 0.0F);
  auto set = [&](int64_t bin, int64_t mel, double value) {
    if (bin >= 0 && bin < bins)
      matrix[static_cast<size_t>(bin * mel_bins + mel)] = static_cast<float>(value);
  };
  for (int64_t mel = 0; mel < mel_bins; ++mel) {
    const int64_t left = edges[static_cast<size_t>(mel)],
                  peak = edges[static_cast<size_t>(mel + 1)],
                  right = edges[static_cast<size_t>(mel + 2)];
    if (peak == left) set(peak, mel, 1);
    for (int64_t bin = std::max<int64_t>(left, 0); peak != left && bin <= std::min(peak, bins);
         ++bin)
      set(bin, mel, static_cast<double>(bin - left) / static_cast<double>(peak - left));
    for (int64_t bin = std::max<int64_t>(peak, 0); right != peak && bin < std::min(right, bins);
         ++bin)
      set(bin, mel, static_cast<double>(right - bin) / static_cast<double>(right - peak));
  }
  return matrix;
}

Status ImportMelWeights(OnnxNode& n) {
  constexpr int64_t kMaxElements = 1 << 24;
  std::vector<int64_t> integers[3];
  std::vector<float> edges[2];
  bool known = true;
  for (int i = 0; i < 3; ++i)
    known = known && n.Integers(n.In(i), &integers[i]) && integers[i].size() == 1;
  for (int i = 0; i < 2; ++i)
    known = known && n.FloatsOf(n.In(i + 3), &edges[i]) && edges[i].size() == 1;
  if (!known) return Unsupported("inputs that are not constant");
  if (n.Int("output_datatype", 1) != 1) return Unsupported("another element type than float");
  const int64_t mels = integers[0][0], dft = integers[1][0], rate = integers[2][0];
  if (mels < 1 || dft < 1 || rate < 1 || mels > kMaxElements || dft > kMaxElements / mels ||
      !(edges[0][0] >= 0 && edges[0][0] <= 1e9F && edges[1][0] >= 0 && edges[1][0] <= 1e9F))
    return Malformed("its sizes or frequencies are out of range");
  Shape shape;
  shape.Push(dft / 2 + 1);
  shape.Push(mels);
  n.Alias(0, n.Constant<float>(shape, MelTriangles(mels, dft, rate, edges[0][0], edges[1][0])));
  return Ok();
}

constexpr OnnxOp kOps[] = {
    {"BlackmanWindow", ImportWindow},         {"DFT", ImportDft},
    {"HammingWindow", ImportWindow},          {"HannWindow", ImportWindow},
    {"MelWeightMatrix", ImportMelWeights, 5}, {"STFT", ImportStft, 2},
};

}  // namespace

OnnxOps SignalOnnxOps() { return kOps; }

}  // namespace pare::converter
