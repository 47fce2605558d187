// Probe: says how far a graph's outputs move when some of its weights change.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include "converter/calibrate/inputs.h"
#include "converter/ir/graph.h"
#include "converter/ir/status.h"

namespace pare::converter {

class Probe {
 public:
  // Runs `graph` on the samples and keeps its answers as the reference. `changing`: indices into
  // ListWeights(graph) of f32 weights that may be changed; the probe copies these. `graph` must
  // outlive it. Samples that the graph refuses are left out; an error where none is left.
  static Result<Probe> Create(const Graph& graph, const std::set<size_t>& changing,
                              std::vector<Sample> samples);
  Probe(Probe&&) noexcept;
  ~Probe();

  // The elements of a changing weight that the next runs use, in its layout.
  float* Elements(size_t weight);
  // Gives it back the graph's own.
  void Restore(size_t weight);
  // The largest error of any float output, as a share of that output's largest magnitude. Outputs
  // that saturate (Sigmoid) are taken before they do: made-up inputs may lie where nothing moves.
  Result<double> Error();
  size_t sample_count() const;

 private:
  struct Parts;
  explicit Probe(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace pare::converter
