// What the importer knows of a value while it builds the graph: enough to place channels-last
// transposes and to decompose operators. Sizes are the business of shape inference, later.
#pragma once

#include <vector>

#include "converter/ir/graph.h"

namespace pare::converter {

struct Facts {
  bool has_dtype = false;
  DType dtype = DType::kF32;
  int rank = -1;          // -1: not known
  int64_t length = -1;    // of a value of rank 1: its elements, -1 not known
  bool four_bit = false;  // a constant of 4-bit integers, which lie in bytes
};

// Facts of the outputs of `node`, from those of its inputs. `facts` runs parallel to graph.values.
void DeduceFacts(const Graph& graph, const Node& node, std::vector<Facts>* facts);

// Element i of a weight of any float type.
float FloatAt(const Weight& weight, int64_t i);
// The constant's elements as integers; false where `v` is no constant of an integer type or bool.
bool ConstantIntegers(const Graph& graph, ValueId v, std::vector<int64_t>* values);
// The constant's elements as floats; false where `v` is no constant of a float type.
bool ConstantFloats(const Graph& graph, ValueId v, std::vector<float>* values);

}  // namespace pare::converter
