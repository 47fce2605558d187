// Names, order, functions, bodies, inputs: what is not about one operator.
#include "converter/import/onnx/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/converter/import/onnx/onnx_builder.h"

namespace pare::converter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Importer, SortsNodes) {
  OnnxBuilder b;
  b.Input("x", {2}).Output("z");
  b.Node("Neg", {"y"}, {"z"});
  b.Node("Abs", {"x"}, {"y"});
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_EQ(graph->nodes[0].name, "Abs_node");
  EXPECT_EQ(graph->values[graph->outputs[0]].name, "z");
}

TEST(Importer, RefusesCycles) {
  OnnxBuilder b;
  b.Input("x", {2}).Output("z");
  b.Node("Add", {"x", "z"}, {"y"});
  b.Node("Neg", {"y"}, {"z"});
  EXPECT_THAT(b.Import().status().message, HasSubstr("cycle"));
}

TEST(Importer, NamesWhatNothingMakes) {
  OnnxBuilder b;
  b.Output("y");
  b.Node("Neg", {"nowhere"}, {"y"});
  EXPECT_THAT(b.Import().status().message,
              HasSubstr("test.onnx: node 'Neg_node' (Neg) reads 'nowhere'"));
}

TEST(Importer, RefusesValuesMadeTwice) {
  OnnxBuilder b;
  b.Input("x", {2}).Output("y");
  b.Node("Neg", {"x"}, {"y"});
  b.Node("Abs", {"x"}, {"y"});
  EXPECT_THAT(b.Import().status().message, HasSubstr("a second time"));
}

TEST(Importer, RefusesOutputsThatNothingMakes) {
  OnnxBuilder b;
  b.Input("x", {2}).Output("y");
  EXPECT_THAT(b.Import().status().message, HasSubstr("nothing makes the output 'y'"));
}

TEST(Importer, ListsEverythingUnsupportedAtOnce) {
  OnnxBuilder b;
  b.Input("x", {2}).Output("y");
  b.Node("Foo", {"x"}, {"a"})->set_name("first");
  b.Node("Foo", {"a"}, {"b"});
  b.Node("Bar", {"b"}, {"c"})->set_domain("com.example");
  b.Node("QAttention", {"c"}, {"y"})->set_domain("com.microsoft");
  const Status status = b.Import().status();
  EXPECT_EQ(status.code, Code::kUnsupported);
  EXPECT_THAT(status.message, HasSubstr("3 operators"));
  EXPECT_THAT(status.message, HasSubstr("Foo (2 nodes, first 'first')"));
  EXPECT_THAT(status.message, HasSubstr("com.example.Bar (1 node"));
  EXPECT_THAT(status.message, HasSubstr("this form of quantized ONNX is not imported"));
}

TEST(Importer, InputsThatAreInitializersAreConstants) {
  OnnxBuilder b;
  b.Input("x", {2}).Input("w", {2}).Floats("w", {2}, {1, 2}).Output("y");
  b.Node("Add", {"x", "w"}, {"y"});
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_EQ(graph->inputs.size(), 1U);
  EXPECT_TRUE(graph->IsConstant(graph->nodes[0].inputs[1]));
}

TEST(Importer, EveryOutputIsAValueOfItsOwn) {
  OnnxBuilder b;
  b.Input("x", {2}).Floats("w", {1}, {1}).Output("x").Output("w").Output("y").Output("y");
  b.Node("Neg", {"x"}, {"y"});
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_EQ(OpsOf(*graph), "Unary Identity Identity Identity");
  EXPECT_EQ(graph->values[graph->outputs[1]].name, "w");
}

TEST(Importer, DropsWeightsThatNothingReads) {
  OnnxBuilder b;
  b.Input("x", {2}).Floats("unused", {1}, {1}).Output("y");
  b.Node("Neg", {"x"}, {"y"});
  EXPECT_TRUE(b.Import()->weights.empty());
}

TEST(Importer, KeepsMetadata) {
  OnnxBuilder b;
  b.Input("x", {2}).Output("y");
  b.Node("Neg", {"x"}, {"y"});
  auto* entry = b.proto.add_metadata_props();
  entry->set_key("labels");
  entry->set_value("a b");
  EXPECT_THAT(b.Import()->metadata, ElementsAre(std::make_pair("labels", "a b")));
}

TEST(Importer, WarnsOfOpsetsThatItDoesNotKnow) {
  OnnxBuilder b(1000);
  b.Input("x", {2}).Output("y");
  b.Node("Neg", {"x"}, {"y"});
  std::string warning;
  ImportOptions options;
  options.warn = [&](const std::string& text) { warning = text; };
  EXPECT_TRUE(b.Import(options).ok());
  EXPECT_THAT(warning, HasSubstr("opset 1000"));
}

FunctionProto* AddFunction(OnnxBuilder* b, const std::string& name) {
  FunctionProto* f = b->proto.add_functions();
  f->set_name(name);
  f->set_domain("own");
  auto* import = f->add_opset_import();
  import->set_version(17);
  f->add_input("a");
  f->add_output("r");
  return f;
}

TEST(Importer, InlinesFunctionsWithTheirAttributes) {
  OnnxBuilder b;
  FunctionProto* f = AddFunction(&b, "Leaky");
  f->add_attribute("slope");
  NodeProto* inner = f->add_node();
  inner->set_op_type("LeakyRelu");
  inner->add_input("a");
  inner->add_output("r");
  AttributeProto* a = inner->add_attribute();
  a->set_name("alpha");
  a->set_ref_attr_name("slope");
  a->set_type(AttributeProto::FLOAT);
  b.Input("x", {2}).Output("z");
  for (const auto& [in, out] : {std::pair{"x", "y"}, std::pair{"y", "z"}}) {
    NodeProto* call = b.Node("Leaky", {in}, {out});
    call->set_domain("own");
    SetFloat(call, "slope", 0.25F);
  }
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_EQ(OpsOf(*graph), "Unary Unary Identity");
  EXPECT_EQ(graph->nodes[1].op.AsUnary()->activation->alpha, 0.25F);
}

TEST(Importer, RefusesFunctionsThatCallThemselves) {
  OnnxBuilder b;
  FunctionProto* f = AddFunction(&b, "Again");
  for (const char* output : {"s", "r"}) {
    NodeProto* inner = f->add_node();
    inner->set_op_type("Again");
    inner->set_domain("own");
    inner->add_input("a");
    inner->add_output(output);
  }
  b.Input("x", {2}).Output("y");
  b.Node("Again", {"x"}, {"y"})->set_domain("own");
  EXPECT_THAT(b.Import().status().message, HasSubstr("call themselves"));
}

// ---- Inputs

OnnxBuilder Dynamic() {
  OnnxBuilder b;
  b.Input("x", {-1, 3, -1, -1}).Dim(0, 0, "batch").Dim(0, 2, "?").Output("y");
  b.Node("Neg", {"x"}, {"y"});
  return b;
}

TEST(ImporterInputs, NameTheirDynamicDimensions) {
  auto graph = Dynamic().Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  ASSERT_EQ(graph->symbols.size(), 3U);
  EXPECT_EQ(graph->symbols[0].name, "batch");
  EXPECT_EQ(graph->symbols[1].name, "x_dim2");
  EXPECT_EQ(graph->symbols[2].name, "x_dim3");
  const Value& x = graph->values[graph->inputs[0]];
  EXPECT_EQ(x.shape, (Shape{4, {-1, 3, -1, -1}}));
  EXPECT_EQ(x.dims[1].value, 3);
  EXPECT_EQ(x.dims[2].symbol, 1);
}

TEST(ImporterInputs, TakeShapesAndBoundsFromTheUser) {
  ImportOptions options;
  options.shapes.push_back({"x", {-1, 3, 32, 64}});
  options.dims.push_back({"batch", 1, 8});
  auto graph = Dynamic().Import(options);
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  ASSERT_EQ(graph->symbols.size(), 1U);
  EXPECT_EQ(graph->symbols[0].max, 8);
  EXPECT_EQ(graph->values[graph->inputs[0]].shape, (Shape{4, {-1, 3, 32, 64}}));
}

TEST(ImporterInputs, FixADimensionWhoseBoundsAreEqual) {
  ImportOptions options;
  options.dims.push_back({"batch", 4, 4});
  auto graph = Dynamic().Import(options);
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_EQ(graph->values[graph->inputs[0]].shape[0], 4);
}

TEST(ImporterInputs, RefuseOptionsThatNameNothing) {
  ImportOptions shape, dim, rank;
  shape.shapes.push_back({"nobody", {1}});
  dim.dims.push_back({"nobody", 1, 2});
  rank.shapes.push_back({"x", {1, 3}});
  EXPECT_THAT(Dynamic().Import(shape).status().message, HasSubstr("inputs are 'x'"));
  EXPECT_THAT(Dynamic().Import(dim).status().message, HasSubstr("dimensions are 'batch'"));
  EXPECT_THAT(Dynamic().Import(rank).status().message, HasSubstr("has 2 dimensions"));
}

TEST(ImporterInputs, NeedAShapeFromSomewhere) {
  OnnxBuilder b;
  OnnxBuilder::AddInput(b.graph(), "x", TensorProto::FLOAT);
  b.Output("y");
  b.Node("Neg", {"x"}, {"y"});
  EXPECT_THAT(b.Import().status().message, HasSubstr("--shape x="));
  ImportOptions options;
  options.shapes.push_back({"x", {2, 2}});
  EXPECT_TRUE(b.Import(options).ok());
}

// ---- Bodies

TEST(ImporterBodies, BranchesGetTheSameCapturesAndTheirOwnConstants) {
  OnnxBuilder b;
  b.Input("c", {}, TensorProto::BOOL).Input("p", {2}).Input("q", {2}).Floats("w", {2}, {1, 2});
  b.Output("y");
  NodeProto* branch = b.Node("If", {"c"}, {"y"});
  GraphProto* then_graph = SetGraph(branch, "then_branch");
  OnnxBuilder::AddNode(then_graph, "Add", {"p", "w"}, {"t"});
  OnnxBuilder::AddOutput(then_graph, "t");
  GraphProto* else_graph = SetGraph(branch, "else_branch");
  OnnxBuilder::AddNode(else_graph, "Mul", {"q", "w"}, {"e"});
  OnnxBuilder::AddOutput(else_graph, "e");
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_EQ(graph->nodes[0].inputs.size(), 3U);
  ASSERT_EQ(graph->subgraphs.size(), 2U);
  for (const Graph& body : graph->subgraphs) {
    ASSERT_EQ(body.inputs.size(), 2U);
    EXPECT_EQ(body.values[body.inputs[0]].name, "p");
    EXPECT_EQ(body.values[body.inputs[1]].name, "q");
    EXPECT_EQ(body.weights.size(), 1U);
  }
}

TEST(ImporterBodies, CaptureThroughTwoLevels) {
  OnnxBuilder b;
  b.Input("n", {}, TensorProto::INT64).Input("c", {}, TensorProto::BOOL).Input("x", {2});
  b.Output("y");
  NodeProto* loop = b.Node("Loop", {"n", "", "x"}, {"y"});
  GraphProto* body = SetGraph(loop, "body");
  OnnxBuilder::AddInput(body, "i", TensorProto::INT64);
  OnnxBuilder::AddInput(body, "go", TensorProto::BOOL);
  OnnxBuilder::AddInput(body, "v", TensorProto::FLOAT);
  NodeProto* branch = OnnxBuilder::AddNode(body, "If", {"go"}, {"next"});
  for (const char* name : {"then_branch", "else_branch"}) {
    GraphProto* inner = SetGraph(branch, name);
    OnnxBuilder::AddNode(inner, "Where", {"c", "v", "x"}, {"r"});
    OnnxBuilder::AddOutput(inner, "r");
  }
  OnnxBuilder::AddOutput(body, "go");
  OnnxBuilder::AddOutput(body, "next");
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  const Graph& outer = graph->subgraphs[0];
  EXPECT_EQ(outer.inputs.size(), 5U);  // i, go, v, and the captures c and x
  EXPECT_EQ(outer.subgraphs[0].inputs.size(), 3U);
  EXPECT_EQ(graph->nodes[0].inputs.size(), 5U);
  EXPECT_EQ(graph->nodes[0].op.AsLoop()->carried, 1);
}

TEST(ImporterBodies, MustFitTheirNode) {
  OnnxBuilder b;
  b.Input("n", {}, TensorProto::INT64).Input("x", {2}).Output("y");
  GraphProto* body = SetGraph(b.Node("Loop", {"n", "", "x"}, {"y"}), "body");
  OnnxBuilder::AddInput(body, "i", TensorProto::INT64);
  OnnxBuilder::AddOutput(body, "i");
  EXPECT_THAT(b.Import().status().message, HasSubstr("its body does not have"));
}

}  // namespace
}  // namespace pare::converter
