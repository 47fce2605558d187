// Kinds that are too rare for vectors of their own: the C library, element by element.
#include <math.h>

#include "runtime/kernels/elementwise/unary.h"

namespace pare {
namespace {

template <float (*function)(float)>
void Map(const ActivationParams*, const float* x, float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) y[i] = function(x[i]);
}

constexpr UnaryTable MakeTable() {
  UnaryTable t = {};
  constexpr UnaryFn kSinToCosh[] = {Map<sinf>,  Map<cosf>,  Map<tanf>,  Map<asinf>,
                                    Map<acosf>, Map<atanf>, Map<sinhf>, Map<coshf>};
  constexpr UnaryFn kAsinhToAtanh[] = {Map<asinhf>, Map<acoshf>, Map<atanhf>};
  for (int i = 0; i < 8; ++i) t.functions[12 + i] = kSinToCosh[i];
  for (int i = 0; i < 3; ++i) t.functions[21 + i] = kAsinhToAtanh[i];
  return t;
}
}  // namespace

extern const UnaryTable kUnaryTableLibm;
const UnaryTable kUnaryTableLibm = OnlyBuilt(MakeTable());

}  // namespace pare
