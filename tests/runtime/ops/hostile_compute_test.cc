// Elementwise operators, reductions, normalizations, pooling and resizing, attacked: see
// support/hostile.h.
#include "tests/support/hostile.h"

namespace pare::test {
namespace {

std::unique_ptr<fb::ActivationT> Activation(Chance& c) {
  auto activation = std::make_unique<fb::ActivationT>();
  activation->kind = c.Enum<fb::UnaryKind>();
  activation->alpha = c.Float();
  activation->beta = c.Float();
  return activation;
}

TEST(HostileCompute, Elementwise) {
  Attack<fb::UnaryT>(
      [](Chance& c) {
        fb::UnaryT op;
        if (!c.OneIn(8)) op.activation = Activation(c);
        return op;
      },
      1, 1);
  Attack<fb::BinaryT>(
      [](Chance& c) {
        fb::BinaryT op;
        op.kind = c.Enum<fb::BinaryKind>();
        if (c.OneIn(4)) op.activation = Activation(c);
        return op;
      },
      2, 2);
  Attack<fb::WhereT>(Plain<fb::WhereT>, 3, 3);
  Attack<fb::CastT>(
      [](Chance& c) {
        fb::CastT op;
        op.to = c.Enum<fb::DType>();
        return op;
      },
      1, 1);
  Attack<fb::TransposeT>(
      [](Chance& c) {
        fb::TransposeT op;
        op.perm = c.Integers();
        return op;
      },
      1, 1);
}

TEST(HostileCompute, AlongAnAxis) {
  Attack<fb::ReduceT>(
      [](Chance& c) {
        fb::ReduceT op;
        op.kind = c.Enum<fb::ReduceKind>();
        op.axes = c.Integers();
        op.keep_dims = c.Bool();
        op.noop_with_empty_axes = c.Bool();
        return op;
      },
      1, 2);
  Attack<fb::ArgReduceT>(
      [](Chance& c) {
        auto op = WithAxis<fb::ArgReduceT>(c);
        op.largest = c.Bool();
        op.select_last = c.Bool();
        op.keep_dims = c.Bool();
        return op;
      },
      1, 1);
  Attack<fb::SoftmaxT>(WithAxis<fb::SoftmaxT>, 1, 1);
  Attack<fb::HardmaxT>(WithAxis<fb::HardmaxT>, 1, 1);
  Attack<fb::CumSumT>(
      [](Chance& c) {
        auto op = WithAxis<fb::CumSumT>(c);
        op.exclusive = c.Bool();
        op.reverse = c.Bool();
        return op;
      },
      1, 2);
  Attack<fb::LpNormT>(
      [](Chance& c) {
        auto op = WithAxis<fb::LpNormT>(c);
        op.p = c.Integer();
        return op;
      },
      1, 1);
}

TEST(HostileCompute, Normalizations) {
  Attack<fb::LayerNormT>(WithAxis<fb::LayerNormT>, 1, 3, 3);
  Attack<fb::RmsNormT>(WithAxis<fb::RmsNormT>, 1, 2);
  Attack<fb::GroupNormT>(
      [](Chance& c) {
        fb::GroupNormT op;
        op.groups = c.Integer();
        op.epsilon = c.Float();
        return op;
      },
      3, 3);
  Attack<fb::LrnT>(
      [](Chance& c) {
        fb::LrnT op;
        op.size = c.Integer();
        op.beta = c.Float();
        return op;
      },
      1, 1);
}

TEST(HostileCompute, Windows) {
  Attack<fb::PoolT>(
      [](Chance& c) {
        fb::PoolT op;
        op.kind = c.Enum<fb::PoolKind>();
        const auto rank = static_cast<size_t>(c.Between(0, 3));
        for (size_t i = 0; i < rank; ++i) op.kernel.push_back(c.Integer());
        if (c.Bool()) op.strides = std::vector<int64_t>(rank, c.Integer());
        if (c.Bool()) op.dilations = std::vector<int64_t>(rank, c.Integer());
        if (c.Bool()) op.pads = std::vector<int64_t>(2 * rank, c.Integer());
        op.auto_pad = c.Enum<fb::AutoPad>();
        op.ceil_mode = c.Bool();
        op.count_include_pad = c.Bool();
        op.p = c.Integer();
        op.storage_order = c.Integer();
        return op;
      },
      1, 1, 2);
  Attack<fb::MaxUnpoolT>(
      [](Chance& c) {
        fb::MaxUnpoolT op;
        const auto rank = static_cast<size_t>(c.Between(0, 3));
        op.kernel = std::vector<int64_t>(rank, c.Between(0, 3));
        if (c.Bool()) op.strides = std::vector<int64_t>(rank, c.Integer());
        if (c.Bool()) op.pads = std::vector<int64_t>(2 * rank, c.Integer());
        return op;
      },
      2, 3);
  Attack<fb::ResizeT>(
      [](Chance& c) {
        fb::ResizeT op;
        op.mode = c.Enum<fb::ResizeMode>();
        op.coordinate = c.Enum<fb::CoordinateMode>();
        op.nearest = c.Enum<fb::NearestMode>();
        op.cubic_a = c.Float();
        op.exclude_outside = c.Bool();
        op.extrapolation = c.Float();
        if (c.Bool()) op.sizes = c.Integers();
        for (int64_t i = c.Between(0, 5); i > 0 && op.sizes.empty(); --i) {
          op.scales.push_back(c.Float());
        }
        if (c.OneIn(3)) op.axes = c.Integers();
        return op;
      },
      1, 4);
}

}  // namespace
}  // namespace pare::test
