// Rules that merge and remove single Transposes. Each returns whether it changed something.
#pragma once

#include "converter/passes/rewriter.h"
#include "converter/passes/shapes.h"

namespace pare::converter {

// The permutation of a Transpose, written out; empty where its rank is not known.
Permutation PermutationOf(const Graph& graph, const Node* transpose);

// Transpose(Transpose(x)) is one; one that changes nothing goes.
bool MergeTransposes(Rewriter& rewriter, Node* n);
// A Transpose that only moves dimensions of size 1 is a Reshape.
bool ReshapeTranspose(Rewriter& rewriter, Node* n);
// Transpose -> Reshape -> Transpose: the first moves behind the Reshape, where the second is, if
// the Reshape splits or merges dimensions that stay neighbours.
bool MoveTransposeThroughReshape(Rewriter& rewriter, Node* n);

// A MatMul reads the second operand transposed where it was.
bool TakeTransposedOperand(Rewriter& rewriter, Node* n);

// Adds a node that transposes x, unless there is one, and returns its result.
ValueId AddTranspose(Rewriter& rewriter, const std::string& name, ValueId x, const Permutation& p);

}  // namespace pare::converter
