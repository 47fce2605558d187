#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;

// A convolution as the ONNX importer writes it: channels-first outside, channels-last inside.
ValueId ChannelsFirstConv(GraphBuilder& b, ValueId x, int64_t in, int64_t out) {
  fb::ConvT conv;
  conv.pads = {1, 1, 1, 1};
  const ValueId y =
      b.Op(std::move(conv), {b.Transpose(x, {0, 2, 3, 1}), b.Random({out, 3, 3, in})});
  return b.Transpose(y, {0, 3, 1, 2});
}

TEST(ChooseLayout, LeavesOneTransposeAtEachEndOfANetwork) {
  GraphBuilder b;
  ValueId x = ChannelsFirstConv(b, b.Input("x", {1, 3, 8, 8}), 3, 4);
  const ValueId shortcut = x;
  x = b.Unary(UnaryKind::Relu, x);
  x = ChannelsFirstConv(b, x, 4, 4);
  x = b.Binary(BinaryKind::Mul, x, b.Random({4, 1, 1}));
  x = b.Binary(BinaryKind::Add, x, shortcut);
  x = b.Binary(BinaryKind::Prelu, x, b.Random({1, 4, 1, 1}));
  b.Output(ChannelsFirstConv(b, x, 4, 2), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Transpose), 2) << Dump(b.graph);
}

TEST(ChooseLayout, GoesThroughOperatorsWithAxes) {
  GraphBuilder b;
  ValueId x = ChannelsFirstConv(b, b.Input("x", {1, 3, 8, 8}), 3, 4);
  fb::ConcatT concat;
  concat.axis = 1;
  x = b.Op(concat, {x, b.Unary(UnaryKind::Exp, x), b.Random({1, 2, 8, 8})});
  fb::SliceT slice;
  slice.starts = {1, 2};
  slice.ends = {9, 8};
  slice.axes = {1, 2};
  x = b.Op(std::move(slice), {x});
  fb::PadT pad;
  pad.pads = {0, 1, 0, 2, 0, 0, 3, 0};
  pad.value = 1.5f;
  x = b.Op(std::move(pad), {x});
  fb::SoftmaxT softmax;
  softmax.axis = 1;
  x = b.Op(softmax, {x});
  fb::TileT tile;
  tile.repeats = {1, 2, 1, 1};
  x = b.Op(std::move(tile), {x});
  b.Output(ChannelsFirstConv(b, x, 18, 2), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Transpose), 2) << Dump(b.graph);
}

TEST(ChooseLayout, SqueezeAndExcite) {
  GraphBuilder b;
  ValueId x = ChannelsFirstConv(b, b.Input("x", {2, 3, 8, 8}), 3, 4);
  fb::ReduceT mean;
  mean.kind = fb::ReduceKind::Mean;
  mean.axes = {2, 3};
  ValueId gate = b.Unary(UnaryKind::Sigmoid, b.Op(std::move(mean), {x}));
  x = b.Binary(BinaryKind::Mul, x, gate);
  fb::ReduceT pool;
  pool.kind = fb::ReduceKind::Mean;
  pool.axes = {2, 3};
  pool.keep_dims = false;
  b.Output(b.Op(std::move(pool), {x}), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Transpose), 1) << Dump(b.graph);
}

TEST(ChooseLayout, WidensAnOperandOfLowerRank) {
  GraphBuilder b;
  const ValueId shift = b.Input("shift", {4, 1, 1});
  ValueId x = ChannelsFirstConv(b, b.Input("x", {1, 3, 8, 8}), 3, 4);
  x = b.Binary(BinaryKind::Add, x, shift);
  b.Output(ChannelsFirstConv(b, x, 4, 2), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Transpose), 2) << Dump(b.graph);
}

TEST(ChooseLayout, DynamicImages) {
  GraphBuilder b;
  ValueId x = ChannelsFirstConv(b, b.Input("x", {-1, 3, -1, -1}), 3, 4);
  x = b.Unary(UnaryKind::Sigmoid, x);
  b.Output(ChannelsFirstConv(b, x, 4, 1), "y");
  Optimise(&b.graph, {}, 1e-5f, {{"x.0", 2}, {"x.2", 6}, {"x.3", 5}});
  EXPECT_LE(CountOps(b.graph, fb::Op::Transpose), 2) << Dump(b.graph);
}

TEST(ChooseLayout, ChannelShuffleKeepsItsOwnTransposeOnly) {
  GraphBuilder b;
  ValueId x = ChannelsFirstConv(b, b.Input("x", {1, 3, 4, 5}), 3, 6);
  x = b.Transpose(b.Reshape(x, {1, 2, 3, 4, 5}), {0, 2, 1, 3, 4});
  x = b.Reshape(x, {1, 6, 4, 5});
  b.Output(ChannelsFirstConv(b, x, 6, 2), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Transpose), 3) << Dump(b.graph);
}

TEST(ChooseLayout, LeavesOtherTransposesAlone) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {3, 4});
  b.Output(b.Binary(BinaryKind::Mul, b.Transpose(x, {1, 0}), b.Random({4, 3})), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Transpose), 1) << Dump(b.graph);
}

// A picture of any batch, flattened with its channels first, as VGG does.
TEST(FoldFlatten, TheFirstFullyConnectedLayerTakesChannelsLast) {
  for (const bool trans_b : {false, true}) {
    GraphBuilder b;
    fb::PoolT pool;
    pool.kernel = {2, 2};
    const ValueId x = b.Op(std::move(pool), {b.Input("x", {-1, 4, 5, 6})});
    fb::MatMulT product;
    product.trans_b = trans_b;
    const ValueId flat = b.Reshape(b.Transpose(x, {0, 3, 1, 2}), {0, -1});
    const ValueId w = b.Random(trans_b ? std::vector<int64_t>{7, 72} : std::vector<int64_t>{72, 7});
    b.Output(b.Op(std::move(product), {flat, w}), "y");
    Optimise(&b.graph, {}, 1e-5f, {{"x.0", 3}});
    EXPECT_EQ(CountOps(b.graph, fb::Op::Transpose), 0) << Dump(b.graph);
  }
}

// A convolution of a picture of any batch, [N, 9, width, channels].
struct Narrow {
  int64_t width, channels, filters, kernel, stride, pad_begin, pad_end;
  int64_t made;  // channels that the convolution makes after the pass
};

TEST(WidenConvolutions, FewFiltersMakeSeveralPixels) {
  const Narrow cases[] = {
      {32, 3, 1, 39, 1, 19, 19, 16},  // 16 pixels at a time, and no rest
      {37, 3, 1, 39, 1, 19, 19, 13},  // a rest
      {41, 2, 4, 5, 2, 2, 1, 16},     // a stride that leaves one column unread
      {40, 4, 3, 3, 1, 1, 1, 15},     // what makes a picture larger: three colours
      {40, 4, 3, 1, 1, 0, 0, 3},      // a window of one pixel gains nothing
      {40, 4, 9, 3, 1, 1, 1, 9},      // nor do more than eight filters
      {2, 4, 1, 9, 1, 4, 4, 2},       // not more pixels than there are
  };
  for (const Narrow& c : cases) {
    GraphBuilder b;
    fb::ConvT conv;
    conv.strides = {2, c.stride};
    conv.pads = {1, c.pad_begin, 0, c.pad_end};
    conv.activation = std::make_unique<fb::ActivationT>();
    conv.activation->kind = fb::UnaryKind::Relu;
    const ValueId x = b.Input("x", {-1, 9, c.width, c.channels});
    b.Output(b.Op(std::move(conv),
                  {x, b.Random({c.filters, 3, c.kernel, c.channels}), b.Random({c.filters})}),
             "y");
    Optimise(&b.graph, {}, 1e-5f, {{"x.0", 2}});
    for (const Node& n : b.graph.nodes) {
      if (n.op.type != fb::Op::Conv) continue;
      EXPECT_EQ(b.graph.values[n.inputs[1]].shape[0], c.made) << Dump(b.graph);
    }
  }
}

}  // namespace
}  // namespace pare::converter
