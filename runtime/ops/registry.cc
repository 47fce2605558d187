#include "model_generated.h"
#include "runtime/ops/op.h"

namespace pare {

#define PARE_OP(name, file) extern const OpDef k##name##Op;
#include "ops_selected.def"
#undef PARE_OP

namespace {

constexpr uint8_t kOps[] = {
#define PARE_OP(name, file) static_cast<uint8_t>(fb::Op::name),
#include "schema/ops.def"
#undef PARE_OP
};

constexpr bool RowsFollowTheUnion() {
  for (size_t i = 0; i < sizeof kOps; ++i) {
    if (kOps[i] != i + 1) return false;
  }
  return sizeof kOps == static_cast<size_t>(fb::Op::MAX);
}
static_assert(RowsFollowTheUnion(),
              "ops.def must have one row for each member of union Op, in order");

}  // namespace

const OpDef* FindOp(uint8_t type) {
  switch (static_cast<fb::Op>(type)) {
#define PARE_OP(name, file) \
  case fb::Op::name:        \
    return &k##name##Op;
#include "ops_selected.def"
#undef PARE_OP
    default: return nullptr;
  }
}

const char* OpName(uint8_t type) {
  static constexpr const char* kNames[] = {
#define PARE_OP(name, file) #name,
#include "schema/ops.def"
#undef PARE_OP
  };
  return type >= 1 && type <= sizeof kOps ? kNames[type - 1] : "?";
}

}  // namespace pare
