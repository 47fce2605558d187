#include <algorithm>
#include <chrono>

#include "converter/passes/pass.h"
#include "converter/passes/passes.h"
#include "converter/passes/quantize/quantization.h"

namespace pare::converter {

const std::vector<Pass>& Pipeline() {
  static const std::vector<Pass> passes = {
      {"remove_dead_code", "drop nodes, values and weights that no output needs", RemoveDeadCode,
       false},
      {"lower_types", "compute other floats as f32, other integers as i32 or i64", LowerTypes,
       false},
      {"infer_shapes", "find every shape and type; fix sizes that are the same always", InferShapes,
       false},
      {"fold_constants", "compute what depends on constants only", FoldConstants, true},
      {"inline_branches", "put branches that are always taken in place of their condition",
       InlineBranches, false},
      {"gather_first", "take rows of a computed table before it is computed", GatherFirst, true},
      {"move_constants", "turn constant inputs that say axes and sizes into attributes",
       MoveConstants, true},
      {"merge_duplicates", "compute equal nodes once", MergeDuplicates, true},
      {"simplify", "remove nodes that change nothing, merge pairs that are one", Simplify, true},
      {"recognise_activations",
       "find GELU, SiLU, hard-swish and others in their exported spellings", RecogniseActivations,
       true},
      {"fuse_norms", "find LayerNorm, RmsNorm and Softmax in their exported spellings", FuseNorms,
       true},
      {"fuse_attention", "make attention one node that splits and merges heads itself",
       FuseAttention, true},
      {"choose_layout", "move and cancel transposes", ChooseLayout, false},
      {"remove_dead_code", "drop what is left over", RemoveDeadCode, false},
      {"infer_shapes", "find every shape and type again", InferShapes, false},
      {"fold_constants", "compute what depends on constants only, again", FoldConstants, true},
      {"merge_duplicates", "compute equal nodes once, again", MergeDuplicates, true},
      {"fuse_linear", "fold factors, terms and residual additions into convolutions and products",
       FuseLinear, true},
      {"fold_forward", "fold factors and terms into the convolutions and products that follow",
       FoldForward, true},
      {"fold_flatten", "let fully connected layers take pictures with channels last", FoldFlatten,
       true},
      {"fuse_activations", "apply activations where their input is made", FuseActivations, true},
      {"import_quantized", "compute on the integers of models that come quantized", ImportQuantized,
       true},
      {"widen_convolutions", "let convolutions with few filters compute several pixels at once",
       WidenConvolutions, true},
      {"lower_transposed", "make transposed convolutions to be quantized convolutions and moves",
       LowerTransposed, false},
      {"split_activations", "part layers to be quantized from functions that are no clamps",
       SplitActivations, false},
      {"calibrate", "find the ranges of activations on calibration data", Calibrate, false},
      {"choose_encodings", "find the encoding of each layer that meets --budget", ChooseEncodings,
       false},
      {"keep_costly", "keep layers in f32 whose int8 alone costs the outputs much", KeepCostly,
       false},
      {"correct_bias", "move the means of quantized layers back to where they were", CorrectBias,
       false},
      {"quantize_static", "compute on u8 activations and int8 weights, in calibrated ranges",
       QuantizeStatic, false},
      {"fuse_activations", "apply activations where their input is made, again", FuseActivations,
       true},
      {"quantize_dynamic", "give matrix products int8 weights; activations follow when they run",
       QuantizeDynamic, false},
      {"quantize_four_bit", "give matrix products weights of 4 bits", QuantizeFourBit, false},
      {"quantize_tables", "store the tables of embeddings in 8 or 4 bits", QuantizeTables, false},
      {"pack_weights", "lay weights out as kernels read them", PackWeights, true},
      {"store_half", "store weights as f16 as far as outputs bear it (--quantize f16)", StoreHalf,
       false},
      {"remove_dead_code", "drop what is left over", RemoveDeadCode, false},
  };
  return passes;
}

size_t CountNodes(const Graph& graph) {
  size_t count = graph.nodes.size();
  for (const Graph& body : graph.subgraphs) count += CountNodes(body);
  return count;
}

namespace {

Status RunPass(const Pass& pass, Graph& graph, const Options& options) {
  PARE_TRY(pass.run(graph, options));
  if (!pass.in_bodies) return Ok();
  for (Graph& body : graph.subgraphs) PARE_TRY(RunPass(pass, body, options));
  return Ok();
}

}  // namespace

Status RunPipeline(Graph& graph, const Options& given, std::vector<PassRecord>* records) {
  Options options = given;
  if (options.quantization == nullptr) options.quantization = std::make_shared<Quantization>();
  const std::vector<Pass>& passes = Pipeline();
  for (const std::string& name : options.disabled) {
    const bool known = std::any_of(passes.begin(), passes.end(),
                                   [&](const Pass& pass) { return name == pass.name; });
    if (!known)
      return Error(Code::kNotFound, "there is no pass '" + name + "'; --list-passes names them");
  }
  std::string broken = CheckGraph(graph);
  if (!broken.empty()) return Error(Code::kInternal, "the imported graph is broken: " + broken);
  int index = 0;
  for (const Pass& pass : passes) {
    // What a pass says of itself is a part of the whole.
    Options inner = options;
    inner.progress = [&, first = index++](const char* stage, int i, int count) {
      if (options.progress)
        options.progress(stage, first * count + i, static_cast<int>(passes.size()) * count);
    };
    inner.progress(pass.name, 0, 1);
    if (options.disabled.count(pass.name) != 0) continue;
    const size_t before = CountNodes(graph);
    const auto start = std::chrono::steady_clock::now();
    Status status = RunPass(pass, graph, inner);
    if (!status.ok()) {
      status.message = std::string("pass ") + pass.name + ": " + status.message;
      return status;
    }
    broken = CheckGraph(graph);
    if (!broken.empty())
      return Error(Code::kInternal, std::string("pass ") + pass.name +
                                        " broke the graph: " + broken + "; --disable-pass " +
                                        pass.name + " leaves it out");
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    if (records != nullptr)
      records->push_back({pass.name, took.count(), before, CountNodes(graph)});
  }
  return Ok();
}

}  // namespace pare::converter
