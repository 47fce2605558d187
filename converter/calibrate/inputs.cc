#include "converter/calibrate/inputs.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <random>

#include "converter/calibrate/pictures.h"
#include "converter/ir/sizes.h"

namespace pare::converter {
namespace {

using tools::Array;

constexpr int kSamples = 3;  // made up

bool Contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

template <class T, class F>
void Fill(Array* array, F next) {
  const auto count = static_cast<size_t>(array->shape.Elements());
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(next());
  array->data.resize(count * sizeof(T));
  if (count > 0) std::memcpy(array->data.data(), values.data(), array->data.size());
}

// What the graph does with an integer input, as far as it says how large its values may be.
struct IntegerUse {
  int64_t bound = 10;              // values are below this
  const Weight* choice = nullptr;  // a number that the input is compared with
};

void LookAtUses(const Graph& graph, ValueId v, IntegerUse* use) {
  for (const Node& n : graph.nodes) {
    const auto at = std::find(n.inputs.begin(), n.inputs.end(), v);
    if (at == n.inputs.end()) continue;
    const bool second = at - n.inputs.begin() == 1;
    const Weight* other =
        n.inputs.size() > 1 ? graph.ConstantOf(n.inputs[second ? 0 : 1]) : nullptr;
    if (n.op.type == fb::Op::Cast || n.op.type == fb::Op::Reshape ||
        n.op.type == fb::Op::Unsqueeze || n.op.type == fb::Op::Squeeze) {
      LookAtUses(graph, n.outputs[0], use);
    } else if (other == nullptr) {
      continue;
    } else if (n.op.type == fb::Op::Gather && second && other->shape.rank > 0) {
      const int64_t axis = n.op.AsGather()->axis;
      use->bound = other->shape[static_cast<int>(axis < 0 ? axis + other->shape.rank : axis)];
    } else if (n.op.type == fb::Op::OneHot && !second && IsInteger(other->dtype)) {
      use->bound = other->dtype == DType::kI64 ? other->Data<int64_t>()[0] : use->bound;
    } else if (n.op.type == fb::Op::Binary && other->shape.Elements() == 1) {
      use->choice = other;
    }
  }
}

int64_t FirstInteger(const Weight& w) {
  switch (w.dtype) {
    case DType::kI64: return w.Data<int64_t>()[0];
    case DType::kI32: return w.Data<int32_t>()[0];
    case DType::kF32: return static_cast<int64_t>(w.Data<float>()[0]);
    default: return 0;
  }
}

void FillIntegers(const Graph& graph, ValueId input, uint64_t seed, Array* array) {
  IntegerUse use;
  LookAtUses(graph, input, &use);
  std::mt19937_64 random(seed);
  const bool mask = Contains(array->name, "mask"), type = Contains(array->name, "type");
  const bool chosen = use.choice != nullptr && array->shape.Elements() == 1 && seed % 2 == 1;
  const auto next = [&]() -> int64_t {
    if (chosen) return FirstInteger(*use.choice);
    if (mask || type) return mask ? 1 : 0;
    return static_cast<int64_t>(random() % static_cast<uint64_t>(std::max<int64_t>(use.bound, 1)));
  };
  switch (SizeOf(array->dtype)) {
    case 8: Fill<int64_t>(array, next); break;
    case 4: Fill<int32_t>(array, next); break;
    case 2: Fill<int16_t>(array, next); break;
    default:
      if (array->dtype == DType::kBool) {
        Fill<uint8_t>(array, [&] { return next() & 1; });
      } else {
        Fill<int8_t>(array, next);
      }
  }
}

// Tones that come and go, and some noise.
std::vector<float> MakeSound(size_t count, std::mt19937_64* random) {
  std::normal_distribution<float> noise(0, 0.01f);
  std::uniform_real_distribution<double> pitch(0.005, 0.2);
  std::vector<float> sound(count);
  for (int tone = 0; tone < 6; ++tone) {
    const double step = pitch(*random);
    const size_t begin = (*random)() % count, length = count / 2 + 1;
    for (size_t i = begin; i < std::min(count, begin + length); ++i) {
      const auto t = static_cast<double>(i - begin);
      sound[i] += static_cast<float>(0.2 * std::exp(-2 * t / static_cast<double>(length)) *
                                     (std::sin(step * t) + 0.4 * std::sin(2 * step * t)));
    }
  }
  for (float& x : sound) x += noise(*random);
  return sound;
}

std::vector<float> MakeFloats(const Shape& shape, uint64_t seed) {
  constexpr int64_t kPictureSide = 16, kSoundLength = 400;
  std::mt19937_64 random(seed);
  const auto count = static_cast<size_t>(shape.Elements());
  if (shape.rank == 4 && count > 0) {
    const bool last = shape[3] <= 4 && shape[1] > 4;
    const PictureShape picture{shape[0], shape[last ? 3 : 1], shape[last ? 1 : 2],
                               shape[last ? 2 : 3], last};
    if (std::min(picture.height, picture.width) >= kPictureSide) return MakePictures(picture, seed);
  }
  const int64_t longest =
      shape.rank == 0 ? 0 : *std::max_element(shape.dims, shape.dims + shape.rank);
  if (shape.rank <= 3 && longest >= kSoundLength && static_cast<int64_t>(count) == longest)
    return MakeSound(count, &random);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& x : values) x = normal(random);
  return values;
}

}  // namespace

bool MayDecideSizes(const tools::Array& array) {
  constexpr int64_t kSmall = 16;
  return IsInteger(array.dtype) && array.shape.rank <= 1 && array.shape.Elements() <= kSmall;
}

void PlanFor(const std::string& name, const tools::Array& array, EngineOptions* options) {
  options->shapes[name] = array.shape;
  if (MayDecideSizes(array)) options->values[name] = array.data.data();
}

Status WriteInput(const tools::Array& array, const Tensor& input) {
  if (input.Bytes() != array.data.size() || input.dtype != array.dtype)
    return Error(Code::kShape,
                 "array '" + array.name + "' does not have the input's type and size");
  if (!array.data.empty()) std::memcpy(input.data, array.data.data(), array.data.size());
  return Ok();
}

Result<Array> MakeUpInput(const Graph& graph, ValueId input, const Shape& shape, uint64_t seed) {
  const Value& value = graph.values[static_cast<size_t>(input)];
  Array array;
  array.name = value.name;
  array.dtype = value.dtype;
  array.shape = shape;
  uint64_t bytes = 0;
  if (!CheckedBytes(shape, SizeOf(value.dtype), &bytes) || bytes > uint64_t{1} << 32)
    return Error(Code::kShape, "input '" + value.name + "' is too large to make up; give --dim");
  if (!IsFloat(value.dtype)) {
    FillIntegers(graph, input, seed, &array);
    return array;
  }
  const bool mask = Contains(array.name, "mask");
  const std::vector<float> floats = MakeFloats(shape, seed);
  size_t i = 0;
  const auto next = [&] { return mask ? 1.0f : floats[i++]; };
  switch (value.dtype) {
    case DType::kF64: Fill<double>(&array, next); break;
    case DType::kF16: Fill<uint16_t>(&array, [&] { return FloatToHalf(next()); }); break;
    case DType::kBF16: Fill<uint16_t>(&array, [&] { return FloatToBfloat16(next()); }); break;
    default: Fill<float>(&array, next);
  }
  return array;
}

Result<std::vector<Sample>> MakeUpSamples(const Graph& graph) {
  constexpr int64_t kPicture = 224, kSequence = 64;
  const bool picture = std::any_of(graph.inputs.begin(), graph.inputs.end(), [&](ValueId v) {
    return graph.values[static_cast<size_t>(v)].dims.size() == 4;
  });
  const auto shapes = PARE_TRY(UsableShapes(graph, 1, picture ? kPicture : kSequence));
  std::vector<Sample> samples(kSamples);
  for (size_t i = 0; i < samples.size(); ++i) {
    for (const ValueId v : graph.inputs) {
      const auto found = shapes.find(graph.values[static_cast<size_t>(v)].name);
      const uint64_t seed = i + 1 + 6 * samples[i].size();
      samples[i].push_back(PARE_TRY(MakeUpInput(graph, v, found->second, seed)));
    }
  }
  return samples;
}

}  // namespace pare::converter
