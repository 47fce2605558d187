// Runs two graphs on the same inputs and compares every value that both name.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"
#include "converter/report/fidelity.h"
#include "runtime/tools/npz.h"

namespace pare::converter {

struct ComparisonOptions {
  std::map<std::string, int64_t> dims;  // sizes of symbols
  size_t threads = 1;
  double diverging_db = 40;  // a layer below this counts as diverging
  double breaking_db = 20;   // and below this as broken
};

struct ComparedValue {
  std::string name;
  std::string op;  // of the reference, that makes it
  Shape shape;
  Fidelity fidelity;
  // Of layers:
  std::string node, encoding;  // of the second model: what --exclude calls it, and EncodingOf
  double input_db = 0;         // the worst of what it reads; infinite where that is equal
};

struct Comparison {
  std::vector<ComparedValue> outputs;
  std::vector<ComparedValue> layers;      // in the reference's order, outputs included
  std::vector<std::string> other_shapes;  // of the same name that could not be compared
  size_t reference_layers = 0;            // how many values the reference computes
  double diverging_db = 0, breaking_db = 0;
  // The least of the outputs.
  double WorstOutput() const;
  // Index of the first layer below diverging_db, or -1.
  int FirstDiverging() const;
  // That of the first below breaking_db that loses 3 dB or more itself, or where errors only add
  // up, of the first below; or -1.
  int FirstBreaking() const;
};

// Made-up arrays for the graph's inputs (calibrate/inputs.h). Symbols take `dims`, or their maximum
// where it is small, or a small size.
Result<std::vector<tools::Array>> RandomInputs(const Graph& graph, const ComparisonOptions& options,
                                               uint64_t seed);

// Inputs and outputs are matched by name, or by position where the names differ but the number
// does not. A value whose channels come last in one graph and second in the other is compared too.
Result<Comparison> CompareGraphs(const Graph& reference, const Graph& other,
                                 const std::vector<tools::Array>& inputs,
                                 const ComparisonOptions& options);

// Tables: outputs, then all layers or the `most` worst of them (most < 0: all).
std::string ComparisonText(const Comparison& comparison, int most);
nlohmann::ordered_json ComparisonJson(const Comparison& comparison);

}  // namespace pare::converter
