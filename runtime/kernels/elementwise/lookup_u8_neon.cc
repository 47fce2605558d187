#include "runtime/kernels/elementwise/lookup.h"

namespace pare {

extern const LookUpTable kLookUpTableNeon;
const LookUpTable kLookUpTableNeon = {nullptr};  // the scalar loop serves

}  // namespace pare
