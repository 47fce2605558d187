// An adapter folder, merged into a model of one layer. An adapter that is refused changes nothing.
#include <cstdlib>
#include <cstring>

#include "converter/import/lora/lora.h"
#include "tests/fuzz/model_folder.h"

namespace {

using pare::converter::TensorMap;
using pare::converter::Weight;

void AddTensor(const char* name, std::initializer_list<int64_t> dims, TensorMap* tensors) {
  pare::Shape shape;
  for (const int64_t d : dims) (void)shape.Push(d);
  float* values = nullptr;
  Weight weight = Weight::Make<float>(name, shape, &values);
  for (int64_t i = 0; i < shape.Elements(); ++i) values[i] = 1;
  tensors->emplace(name, std::move(weight));
}

TensorMap MakeModel() {
  TensorMap tensors;
  AddTensor("embeddings.word_embeddings.weight", {16, 8}, &tensors);
  for (const char* name : {"query", "key", "value"}) {
    const std::string module = std::string("encoder.layer.0.attention.self.") + name;
    AddTensor((module + ".weight").c_str(), {8, 8}, &tensors);
    AddTensor((module + ".bias").c_str(), {8}, &tensors);
  }
  return tensors;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const pare::test::ModelFolder folder;
  static const TensorMap model = MakeModel();
  folder.Write(data, size, "adapter_config.json", "adapter_model.safetensors");
  TensorMap tensors = model;
  if (pare::converter::MergeAdapter(folder.path(), 1, &tensors).ok()) return 0;
  for (const auto& [name, weight] : model) {
    const auto found = tensors.find(name);
    if (found == tensors.end() || found->second.bytes.data != weight.bytes.data) std::abort();
  }
  return 0;
}
