// Bytes as an ONNX file: the importer refuses them or makes a sound graph, and planning that graph
// reports what does not fit.
#include <cstdlib>

#include "converter/import/onnx/onnx.h"
#include "converter/ir/engine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using pare::converter::CheckGraph;
  const auto graph = pare::converter::ImportOnnxBytes(
      {reinterpret_cast<const std::byte*>(data), size}, "fuzz.onnx", {});
  if (!graph.ok()) return 0;
  if (!CheckGraph(graph.value()).empty()) std::abort();
  pare::converter::EngineOptions options;
  options.plan_only = true;
  options.max_trips = 4;
  (void)pare::converter::Engine::Create(graph.value(), options);
  return 0;
}
