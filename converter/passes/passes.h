// The passes of the pipeline. Each file says what its pass does.
#pragma once

#include "converter/passes/pass.h"

namespace pare::converter {

Status Calibrate(Graph& graph, const Options& options);
Status ChooseEncodings(Graph& graph, const Options& options);
Status ChooseLayout(Graph& graph, const Options& options);
Status CorrectBias(Graph& graph, const Options& options);
Status FoldConstants(Graph& graph, const Options& options);
Status FoldFlatten(Graph& graph, const Options& options);
Status FoldForward(Graph& graph, const Options& options);
Status FuseActivations(Graph& graph, const Options& options);
Status FuseAttention(Graph& graph, const Options& options);
Status FuseLinear(Graph& graph, const Options& options);
Status FuseNorms(Graph& graph, const Options& options);
Status GatherFirst(Graph& graph, const Options& options);
Status ImportQuantized(Graph& graph, const Options& options);
Status InferShapes(Graph& graph, const Options& options);
Status InlineBranches(Graph& graph, const Options& options);
Status KeepCostly(Graph& graph, const Options& options);
Status LowerTransposed(Graph& graph, const Options& options);
Status LowerTypes(Graph& graph, const Options& options);
Status MergeDuplicates(Graph& graph, const Options& options);
Status MoveConstants(Graph& graph, const Options& options);
Status PackWeights(Graph& graph, const Options& options);
Status QuantizeDynamic(Graph& graph, const Options& options);
Status QuantizeFourBit(Graph& graph, const Options& options);
Status QuantizeStatic(Graph& graph, const Options& options);
Status QuantizeTables(Graph& graph, const Options& options);
Status RecogniseActivations(Graph& graph, const Options& options);
Status RemoveDeadCode(Graph& graph, const Options& options);
Status Simplify(Graph& graph, const Options& options);
Status SplitActivations(Graph& graph, const Options& options);
Status StoreHalf(Graph& graph, const Options& options);
Status WidenConvolutions(Graph& graph, const Options& options);

}  // namespace pare::converter
