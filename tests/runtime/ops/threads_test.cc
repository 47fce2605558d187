// Operators that share their work give the same bits on two threads as on one. Every case is large
// enough to be shared, so that ThreadSanitizer (preset tsan) sees each operator's threads.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/support/op_test.h"
#include "tests/support/random.h"

namespace pare::test {
namespace {

using Dims = std::vector<int64_t>;

template <class OpT>
OpTest<OpT>& Add(OpTest<OpT>& t, const Dims& dims, float low = -1, float high = 1) {
  return t.template In<float>(dims, Uniform(CountOf(dims), low, high));
}

template <class OpT, class Inputs>
void ExpectSame(const OpT& attributes, int outputs, const Inputs& inputs) {
  std::vector<std::byte> answers[2];
  for (const size_t threads : {1, 2}) {
    OpTest<OpT> t(attributes);
    inputs(t);
    t.Threads(threads).Outputs(outputs);
    ASSERT_TRUE(t.Run());
    for (int i = 0; i < outputs; ++i) {
      const Tensor& y = t.Output(i);
      answers[threads - 1].insert(answers[threads - 1].end(), y.Data<std::byte>(),
                                  y.Data<std::byte>() + y.Bytes());
    }
  }
  EXPECT_FALSE(answers[0].empty());
  EXPECT_TRUE(answers[0] == answers[1]);
}

// One input of `dims`.
template <class OpT>
void ExpectSame(const OpT& attributes, const Dims& dims, int outputs = 1) {
  ExpectSame(attributes, outputs, [&](OpTest<OpT>& t) { Add(t, dims); });
}

TEST(Threads, WindowsOfImages) {
  fb::PoolT pool;
  pool.kernel = {3, 3};
  for (const auto kind : {fb::PoolKind::Max, fb::PoolKind::Average, fb::PoolKind::Lp}) {
    pool.kind = kind;
    ExpectSame(pool, {1, 40, 40, 32});
  }
  fb::LrnT lrn;
  lrn.size = 5;
  ExpectSame(lrn, {1, 64, 64, 20});
}

TEST(Threads, ImagesOfOtherSizes) {
  fb::ResizeT resize;
  resize.sizes = {1, 96, 96, 16};
  for (const auto mode : {fb::ResizeMode::Nearest, fb::ResizeMode::Linear, fb::ResizeMode::Cubic}) {
    resize.mode = mode;
    ExpectSame(resize, {1, 64, 64, 16});
  }
  ExpectSame(fb::GridSampleT(), 1, [](auto& t) {
    Add(Add(t, {2, 32, 32, 16}), {2, 48, 48, 2}, -1.2f, 1.2f);
  });
  fb::RoiAlignT align;
  align.output_height = align.output_width = 7;
  ExpectSame(align, 1, [](auto& t) {
    Add(Add(t, {1, 32, 32, 16}), {64, 4}, 0, 31);
    t.template In<int64_t>({64}, std::vector<int64_t>(64, 0));
  });
}

TEST(Threads, MovedBytes) {
  fb::SpaceToDepthT space;
  fb::DepthToSpaceT depth;
  space.block = depth.block = 2;
  ExpectSame(space, {1, 128, 128, 8});
  ExpectSame(depth, {1, 64, 64, 32});
  fb::ConcatT concat;
  concat.axis = 1;
  ExpectSame(concat, 1, [](auto& t) { Add(Add(t, {256, 300}), {256, 212}); });
  fb::SplitT split;
  split.axis = 1;
  ExpectSame(split, {256, 512}, 2);
  fb::SliceT slice;
  slice.starts = {1};
  slice.ends = {511};
  slice.axes = {1};
  ExpectSame(slice, {256, 512});
  fb::PadT pad;
  pad.pads = {1, 2, 3, 4};
  ExpectSame(pad, {256, 512});
  fb::ExpandT expand;
  expand.shape = {128, 1024};
  ExpectSame(expand, {1, 1024});
  fb::TileT tile;
  tile.repeats = {2, 2};
  ExpectSame(tile, {128, 256});
}

TEST(Threads, Elements) {
  fb::CastT cast;
  cast.to = fb::DType::I32;
  ExpectSame(cast, {100000});
  ExpectSame(fb::WhereT(), 1, [](auto& t) {
    std::vector<uint8_t> condition(100000);
    for (size_t i = 0; i < condition.size(); ++i) condition[i] = i % 3 == 0;
    t.template In<bool>({100000}, condition);
    Add(Add(t, {100000}), {1});
  });
  fb::UnaryT unary;
  unary.activation = std::make_unique<fb::ActivationT>();
  for (const auto kind : {fb::UnaryKind::Relu, fb::UnaryKind::Gelu, fb::UnaryKind::Sin}) {
    unary.activation->kind = kind;
    ExpectSame(unary, {100000});
  }
}

TEST(Threads, RowsAndColumns) {
  for (const int64_t axis : {0, 1}) {
    fb::HardmaxT hardmax;
    fb::LpNormT norm;
    fb::CumSumT sum;
    fb::ArgReduceT arg;
    hardmax.axis = norm.axis = sum.axis = arg.axis = axis;
    ExpectSame(hardmax, {400, 300});
    ExpectSame(norm, {400, 300});
    ExpectSame(sum, {400, 300});
    ExpectSame(arg, {400, 300});
  }
  fb::TopKT top;
  top.k = 4;
  ExpectSame(top, {400, 300}, 2);
  ExpectSame(fb::RmsNormT(), {400, 300});
}

TEST(Threads, Products) {
  fb::EinsumT einsum;
  einsum.equation = "bij,bjk->bik";
  ExpectSame(einsum, 1, [](auto& t) { Add(Add(t, {8, 64, 64}), {8, 64, 64}); });
  fb::LstmT lstm;
  lstm.hidden = 64;
  ExpectSame(lstm, 2, [](auto& t) { Add(Add(Add(t, {3, 8, 32}), {1, 256, 32}), {1, 256, 64}); });
}

}  // namespace
}  // namespace pare::test
