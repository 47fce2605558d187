// Operators that compute the same with their dimensions in another order, and how to change it.
#pragma once

#include <map>
#include <vector>

#include "converter/passes/rewriter.h"
#include "converter/passes/shapes.h"

namespace pare::converter {

// Whether the node can work on permuted inputs and give permuted outputs of the same rank.
bool CanPermute(const Graph& graph, const Node& n);

// Its inputs and outputs that must be permuted alike: those of full rank, constants left out.
std::vector<ValueId> PermutedValues(const Graph& graph, const Node& n);

// Inputs of lower rank that broadcast and are neither constant nor one element: they are widened
// to full rank and transposed.
std::vector<ValueId> WidenedInputs(const Graph& graph, const Node& n);

// Changes attributes, constants and inputs of the node as if every value were transposed by p.
// `permuted` names the transposed stand-in of each value of PermutedValues. Outputs are the
// caller's.
void PermuteNode(Rewriter& rewriter, Node* n, const Permutation& p,
                 const std::map<ValueId, ValueId>& permuted);

// Row-major elements of `weight` transposed by p; its shape first gets ones in front up to p's
// rank.
Weight PermuteWeight(const Weight& weight, const Permutation& p);

}  // namespace pare::converter
