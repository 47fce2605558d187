// Operators that move data, attacked: see support/hostile.h.
#include "tests/support/hostile.h"

namespace pare::test {
namespace {

TEST(Hostile, Gathers) {
  Attack<fb::GatherT>(WithAxis<fb::GatherT>, 2, 2);
  Attack<fb::GatherElementsT>(WithAxis<fb::GatherElementsT>, 2, 2);
  Attack<fb::GatherNdT>(
      [](Chance& c) {
        fb::GatherNdT op;
        op.batch_dims = c.Integer();
        return op;
      },
      2, 2);
}

TEST(Hostile, Scatters) {
  Attack<fb::ScatterElementsT>(
      [](Chance& c) {
        auto op = WithAxis<fb::ScatterElementsT>(c);
        op.reduce = c.Enum<fb::ScatterReduce>();
        return op;
      },
      3, 3);
  Attack<fb::ScatterNdT>(
      [](Chance& c) {
        fb::ScatterNdT op;
        op.reduce = c.Enum<fb::ScatterReduce>();
        return op;
      },
      3, 3);
}

TEST(Hostile, SlicesAndPads) {
  Attack<fb::SliceT>(
      [](Chance& c) {
        fb::SliceT op;
        op.starts = c.Integers();
        op.ends = c.Integers();
        op.axes = c.Integers();
        op.steps = c.Integers();
        op.ends.resize(op.starts.size());
        op.axes.resize(op.starts.size());
        op.steps.resize(c.Bool() ? op.starts.size() : 0);
        return op;
      },
      1, 5);
  Attack<fb::PadT>(
      [](Chance& c) {
        fb::PadT op;
        op.pads = c.Integers();
        if (c.Bool()) op.pads.resize(static_cast<size_t>(c.Between(0, 4)) * 2);
        op.mode = c.Enum<fb::PadMode>();
        op.value = c.Float();
        return op;
      },
      1, 4);
}

TEST(Hostile, ConcatsAndSplits) {
  Attack<fb::ConcatT>(WithAxis<fb::ConcatT>, 1, 4);
  Attack<fb::SplitT>(
      [](Chance& c) {
        auto op = WithAxis<fb::SplitT>(c);
        op.sizes = c.Integers();
        if (c.Bool()) op.sizes.clear();
        return op;
      },
      1, 2, 5);
}

TEST(Hostile, Reshapes) {
  Attack<fb::ReshapeT>(
      [](Chance& c) {
        fb::ReshapeT op;
        op.shape = c.Integers();
        op.allow_zero = c.Bool();
        return op;
      },
      1, 2);
  Attack<fb::SqueezeT>(
      [](Chance& c) {
        fb::SqueezeT op;
        op.axes = c.Integers();
        return op;
      },
      1, 2);
  Attack<fb::UnsqueezeT>(
      [](Chance& c) {
        fb::UnsqueezeT op;
        op.axes = c.Integers();
        return op;
      },
      1, 2);
  Attack<fb::FlattenT>(WithAxis<fb::FlattenT>, 1, 1);
  Attack<fb::IdentityT>(Plain<fb::IdentityT>, 1, 1);
}

TEST(Hostile, Repeats) {
  Attack<fb::ExpandT>(
      [](Chance& c) {
        fb::ExpandT op;
        op.shape = c.Integers();
        return op;
      },
      1, 2);
  Attack<fb::TileT>(
      [](Chance& c) {
        fb::TileT op;
        op.repeats = c.Integers();
        return op;
      },
      1, 2);
}

TEST(Hostile, MakesConstants) {
  Attack<fb::ConstantOfShapeT>(
      [](Chance& c) {
        fb::ConstantOfShapeT op;
        op.dtype = c.Enum<fb::DType>();
        op.bits = static_cast<uint64_t>(c.Integer());
        return op;
      },
      1, 1);
  Attack<fb::RangeT>(Plain<fb::RangeT>, 3, 3);
  Attack<fb::ShapeOfT>(
      [](Chance& c) {
        fb::ShapeOfT op;
        op.start = c.Integer();
        op.end = c.Integer();
        return op;
      },
      1, 1);
  Attack<fb::SizeT>(Plain<fb::SizeT>, 1, 1);
  Attack<fb::EyeLikeT>(
      [](Chance& c) {
        fb::EyeLikeT op;
        op.dtype = c.Enum<fb::DType>();
        op.k = c.Integer();
        return op;
      },
      1, 1);
  Attack<fb::OneHotT>(WithAxis<fb::OneHotT>, 3, 3);
}

TEST(Hostile, Selects) {
  Attack<fb::TopKT>(
      [](Chance& c) {
        auto op = WithAxis<fb::TopKT>(c);
        op.k = c.Integer();
        op.largest = c.Bool();
        return op;
      },
      1, 2, 2);
  Attack<fb::NonZeroT>(Plain<fb::NonZeroT>, 1, 1);
  Attack<fb::CompressT>(
      [](Chance& c) {
        auto op = WithAxis<fb::CompressT>(c);
        op.flat = c.Bool();
        return op;
      },
      2, 2);
  Attack<fb::UniqueT>(
      [](Chance& c) {
        auto op = WithAxis<fb::UniqueT>(c);
        op.flat = c.Bool();
        op.sorted = c.Bool();
        return op;
      },
      1, 1, 4);
  Attack<fb::NonMaxSuppressionT>(Plain<fb::NonMaxSuppressionT>, 2, 5);
}

TEST(Hostile, Rearranges) {
  Attack<fb::TriluT>(
      [](Chance& c) {
        fb::TriluT op;
        op.upper = c.Bool();
        return op;
      },
      1, 2);
  Attack<fb::ReverseSequenceT>(
      [](Chance& c) {
        fb::ReverseSequenceT op;
        op.batch_axis = c.Integer();
        op.time_axis = c.Integer();
        return op;
      },
      2, 2);
  Attack<fb::DepthToSpaceT>(
      [](Chance& c) {
        fb::DepthToSpaceT op;
        op.block = c.Integer();
        op.crd = c.Bool();
        return op;
      },
      1, 1);
  Attack<fb::SpaceToDepthT>(
      [](Chance& c) {
        fb::SpaceToDepthT op;
        op.block = c.Integer();
        return op;
      },
      1, 1);
}

TEST(Hostile, Samples) {
  Attack<fb::GridSampleT>(
      [](Chance& c) {
        fb::GridSampleT op;
        op.mode = c.Enum<fb::GridMode>();
        op.padding = c.Enum<fb::GridPadding>();
        op.align_corners = c.Bool();
        return op;
      },
      2, 2);
  Attack<fb::RoiAlignT>(
      [](Chance& c) {
        fb::RoiAlignT op;
        op.max = c.Bool();
        op.half_pixel = c.Bool();
        op.output_height = c.Integer();
        op.output_width = c.Integer();
        op.sampling_ratio = c.Integer();
        op.spatial_scale = c.Float();
        return op;
      },
      3, 3);
}

TEST(Hostile, SumsAndTransforms) {
  Attack<fb::EinsumT>(
      [](Chance& c) {
        constexpr char kSigns[] = "aabbccijk..., ->Z1";
        fb::EinsumT op;
        const int64_t length = c.Between(0, 12);
        for (int64_t i = 0; i < length; ++i) {
          const int64_t sign = c.Between(0, 17);
          op.equation += sign == 10 ? "..." : sign == 14 ? "->" : std::string(1, kSigns[sign]);
        }
        return op;
      },
      1, 3);
  Attack<fb::DetT>(Plain<fb::DetT>, 1, 1);
  Attack<fb::DftT>(
      [](Chance& c) {
        auto op = WithAxis<fb::DftT>(c);
        op.inverse = c.Bool();
        op.onesided = c.Bool();
        return op;
      },
      1, 2);
}

template <class Op>
Op Recurrent(Chance& c) {
  Op op;
  op.direction = c.Enum<fb::RnnDirection>();
  op.hidden = c.Integer();
  op.clip = c.Float();
  op.batch_first = c.Bool();
  op.activations.resize(static_cast<size_t>(c.Between(0, 6)));
  for (auto& a : op.activations) a = c.Enum<fb::UnaryKind>();
  return op;
}

TEST(Hostile, Recurs) {
  Attack<fb::LstmT>(Recurrent<fb::LstmT>, 3, 8, 3);
  Attack<fb::GruT>(Recurrent<fb::GruT>, 3, 6, 2);
  Attack<fb::RnnT>(Recurrent<fb::RnnT>, 3, 6, 2);
}

}  // namespace
}  // namespace pare::test
