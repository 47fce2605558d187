#include "runtime/ops/support/scatter.h"

#include <cstring>
#include <type_traits>

#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

template <int kBytes>
void Replace(const void* updates, void* target, int64_t count) {
  std::memcpy(target, updates, static_cast<size_t>(count) * kBytes);
}

template <class T, fb::ScatterReduce kReduce>
void Combine(const void* updates, void* target, int64_t count) {
  const T* from = static_cast<const T*>(updates);
  T* to = static_cast<T*>(target);
  // Integers wrap: the arithmetic is that of unsigned numbers.
  for (int64_t i = 0; i < count; ++i) {
    const T a = to[i], b = from[i];
    if constexpr (kReduce == fb::ScatterReduce::Min) {
      to[i] = b < a ? b : a;
    } else if constexpr (kReduce == fb::ScatterReduce::Max) {
      to[i] = a < b ? b : a;
    } else if constexpr (std::is_same_v<T, float>) {
      to[i] = kReduce == fb::ScatterReduce::Add ? a + b : a * b;
    } else {
      using U = std::make_unsigned_t<T>;
      const U ua = static_cast<U>(a), ub = static_cast<U>(b);
      to[i] = static_cast<T>(kReduce == fb::ScatterReduce::Add ? ua + ub : ua * ub);
    }
  }
}

template <class T>
CombineFn CombineOf(fb::ScatterReduce reduce) {
  switch (reduce) {
    case fb::ScatterReduce::Add: return Combine<T, fb::ScatterReduce::Add>;
    case fb::ScatterReduce::Mul: return Combine<T, fb::ScatterReduce::Mul>;
    case fb::ScatterReduce::Min: return Combine<T, fb::ScatterReduce::Min>;
    case fb::ScatterReduce::Max: return Combine<T, fb::ScatterReduce::Max>;
    default: return nullptr;
  }
}

}  // namespace

CombineFn SelectCombine(fb::ScatterReduce reduce, DType dtype) {
  if (reduce == fb::ScatterReduce::None) {
    switch (SizeOf(dtype)) {
      case 1: return Replace<1>;
      case 2: return Replace<2>;
      case 4: return Replace<4>;
      default: return Replace<8>;
    }
  }
  switch (dtype) {
    case DType::kF32: return CombineOf<float>(reduce);
    case DType::kI32: return CombineOf<int32_t>(reduce);
    case DType::kI64: return CombineOf<int64_t>(reduce);
    default: return nullptr;
  }
}

Status CheckScatter(const Tensor& data, const Tensor& updates, fb::ScatterReduce reduce) {
  if (data.layout != Layout::kPlain || updates.layout != Layout::kPlain) {
    return ShapeError("cannot scatter into or from a packed weight");
  }
  if (data.dtype != updates.dtype) return ShapeError("data and updates differ in type");
  if (SelectCombine(reduce, data.dtype) == nullptr) {
    return Error(Code::kUnsupported, "scatter cannot reduce this type; insert a Cast");
  }
  return Ok();
}

Status PlanScatter(PlanContext& context) {
  context.in_place = 0;
  return Ok();
}

void StartScatter(const Tensor& data, const Tensor& out) {
  if (out.data != data.data) CopyBytes(out.data, data.data, data.Bytes());
}

}  // namespace pare
