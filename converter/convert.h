// The whole flow: import, passes, write.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "converter/import/import.h"
#include "converter/passes/pass.h"
#include "converter/report/layer_errors.h"
#include "converter/report/layer_times.h"

namespace pare::converter {

struct ConvertOptions {
  // Lets an input live across runs: it starts as zeros, and `output` is copied to it after each.
  struct State {
    std::string input, output;
  };
  ImportOptions import;
  std::vector<State> states;
  Options passes;
  bool time_layers = false;  // also times the layers of a quantized model
  // Stage ("import", a pass, "write") and how much of the whole is done, 0 to 1. May be empty.
  std::function<void(const char*, double)> progress;
};

struct ConvertReport {
  size_t nodes_before = 0, nodes_after = 0;
  size_t weights_before = 0, weights_after = 0;
  uint64_t weight_bytes_before = 0, weight_bytes_after = 0;
  uint64_t file_bytes = 0;
  double import_ms = 0, write_ms = 0;
  std::vector<PassRecord> passes;
  std::string half_note;            // what --quantize f16 did; empty without it
  std::vector<LayerRecord> layers;  // where the model was quantized
  LayerErrors errors;               // where there was data to measure them on
  LayerTimes times;                 // with time_layers
};

// Reads `source`, writes `output`. Where it fails no file is left and an existing one is untouched.
Result<ConvertReport> Convert(const std::filesystem::path& source,
                              const std::filesystem::path& output, const ConvertOptions& options);

// Import and passes without the file: what comparing and calibrating start from.
Result<Graph> Prepare(const std::filesystem::path& source, const ConvertOptions& options,
                      ConvertReport* report);

}  // namespace pare::converter
