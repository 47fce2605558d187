#include "converter/import/safetensors/hugging_face.h"

#include <algorithm>

#include "converter/import/lora/lora.h"
#include "converter/import/mapped_file.h"
#include "converter/import/safetensors/encoder.h"
#include "converter/import/safetensors/pooling.h"

namespace pare::converter {
namespace {

namespace fs = std::filesystem;

// Files of the folder that travel with the model, and what they are.
struct AssetFile {
  const char *file, *kind;
};
constexpr AssetFile kAssets[] = {{"config.json", "config"},
                                 {"tokenizer.json", "tokenizer"},
                                 {"tokenizer_config.json", "tokenizer-config"},
                                 {"special_tokens_map.json", "special-tokens"},
                                 {"vocab.txt", "vocabulary"},
                                 {"vocab.json", "vocabulary"},
                                 {"merges.txt", "merges"},
                                 {"sentencepiece.bpe.model", "sentencepiece"},
                                 {"sentence_bert_config.json", "sentence-config"}};

void AddAssets(const fs::path& folder, Graph* graph) {
  for (const AssetFile& asset : kAssets) {
    Result<Bytes> bytes = MapFile(folder / asset.file);
    if (bytes.ok()) graph->assets.push_back({asset.file, asset.kind, std::move(bytes).value()});
  }
}

// The symbol that a name of --dim bounds; defaults where it is not named.
fb::SymbolT MakeSymbol(const std::string& name, int64_t max, const ImportOptions& options) {
  fb::SymbolT symbol;
  symbol.name = name;
  symbol.max = max;
  for (const ImportOptions::DimBound& bound : options.dims) {
    if (bound.name != name) continue;
    symbol.min = bound.min;
    symbol.max = bound.max > 0 ? bound.max : max;
  }
  return symbol;
}

enum Symbols { kBatch, kSequence };

// Every input is [batch, sequence]; --shape and --dim may fix a dimension.
Result<ValueId> AddInput(const std::string& name, const ImportOptions& options, Graph* graph) {
  std::vector<fb::DimT> dims(2);
  for (int d : {kBatch, kSequence}) {
    const fb::SymbolT& symbol = graph->symbols[static_cast<size_t>(d)];
    dims[d].symbol = d;
    if (symbol.min == symbol.max) dims[d] = fb::DimT(), dims[d].value = symbol.max;
  }
  for (const ImportOptions::InputShape& shape : options.shapes) {
    if (shape.name != name) continue;
    if (shape.dims.size() != 2)
      return Error(Code::kInvalidArgument, "--shape " + name + " needs two sizes: 1x128");
    for (int d : {kBatch, kSequence}) {
      if (shape.dims[d] < 0) continue;
      dims[d] = fb::DimT();
      dims[d].value = shape.dims[d];
    }
  }
  const ValueId id = graph->AddValue(name, DType::kI64);
  Value& value = graph->values[id];
  (void)value.shape.Push(dims[kBatch].value);
  (void)value.shape.Push(dims[kSequence].value);
  value.has_shape = true;
  value.dims = std::move(dims);
  graph->inputs.push_back(id);
  return id;
}

// A size that one input is fixed to holds for the others, too: all are the same text.
ImportOptions SpreadShapes(const ImportOptions& options, const std::vector<std::string>& inputs) {
  ImportOptions spread = options;
  if (options.shapes.empty()) return spread;
  for (const std::string& name : inputs) {
    const bool given = std::any_of(options.shapes.begin(), options.shapes.end(),
                                   [&](const auto& shape) { return shape.name == name; });
    if (!given) spread.shapes.push_back({name, options.shapes.front().dims});
  }
  return spread;
}

Status CheckOptions(const ImportOptions& options, const std::vector<std::string>& inputs,
                    int64_t positions) {
  for (const ImportOptions::InputShape& shape : options.shapes) {
    if (std::find(inputs.begin(), inputs.end(), shape.name) == inputs.end())
      return Error(Code::kNotFound, "--shape " + shape.name + ": the model has no such input");
    for (int64_t size : shape.dims) {
      if (size == 0 || size < -1)
        return Error(Code::kInvalidArgument,
                     "--shape " + shape.name + ": sizes are 1 or more, or -1");
    }
    if (shape.dims.size() == 2 && shape.dims[1] > positions)
      return Error(Code::kInvalidArgument, "--shape " + shape.name + ": the model has only " +
                                               std::to_string(positions) + " positions");
  }
  for (const ImportOptions::DimBound& dim : options.dims) {
    if (dim.name != "batch" && dim.name != "sequence")
      return Error(Code::kNotFound,
                   "--dim " + dim.name + ": the dimensions of this model are batch and sequence");
    if (dim.name == "sequence" && dim.max > positions)
      return Error(Code::kInvalidArgument, "--dim sequence: the model has only " +
                                               std::to_string(positions) + " positions");
    if (dim.min < 1 || (dim.max > 0 && dim.max < dim.min))
      return Error(Code::kInvalidArgument, "--dim " + dim.name + ": the bounds are no range");
  }
  return Ok();
}

void AddOutput(const char* name, ValueId value, Graph* graph) {
  graph->values[value].name = name;
  graph->outputs.push_back(value);
}

Result<Graph> BuildGraph(const fs::path& folder, const EncoderFamily& family, const Json& json,
                         const TensorMap& tensors, const ImportOptions& options) {
  const EncoderConfig config = PARE_TRY(ReadEncoderConfig(family, json));
  Graph graph;
  graph.name = "encoder";
  GraphBuilder builder(&graph, &tensors, family.prefix);
  const Weight* types =
      *family.token_type != 0 ? builder.Find(family.token_type + std::string(".weight")) : nullptr;
  std::vector<std::string> names = {"input_ids", "attention_mask"};
  if (types != nullptr && types->shape.rank == 2 && types->shape[0] > 1)
    names.push_back("token_type_ids");
  PARE_TRY(CheckOptions(options, names, config.positions));

  graph.symbols.push_back(MakeSymbol("batch", 0, options));
  graph.symbols.push_back(MakeSymbol("sequence", config.positions, options));
  const ImportOptions shapes = SpreadShapes(options, names);
  EncoderInputs inputs;
  inputs.input_ids = PARE_TRY(AddInput(names[0], shapes, &graph));
  inputs.attention_mask = PARE_TRY(AddInput(names[1], shapes, &graph));
  if (names.size() > 2) inputs.token_type_ids = PARE_TRY(AddInput(names[2], shapes, &graph));

  const ValueId hidden = PARE_TRY(BuildEncoder(family, config, inputs, &builder));
  const ValueId sentence = PARE_TRY(BuildPooling(folder, hidden, inputs.attention_mask, &builder));
  AddOutput("last_hidden_state", hidden, &graph);
  if (sentence != kAbsent) AddOutput("sentence_embedding", sentence, &graph);
  graph.metadata.emplace_back("model_type", family.model_type);
  AddAssets(folder, &graph);
  return graph;
}

// Tensors that the graph does not use: heads of tasks, mostly.
void WarnOfUnused(const TensorMap& tensors, const Graph& graph, const ImportOptions& options) {
  if (!options.warn) return;
  std::string unused;
  for (const auto& entry : tensors) {
    const std::string& name = entry.first;
    const bool used = std::any_of(graph.weights.begin(), graph.weights.end(),
                                  [&](const Weight& w) { return w.name == entry.second.name; });
    const bool known =
        name.find("position_ids") != std::string::npos || name.find("pooler.") != std::string::npos;
    if (!used && !known) unused += (unused.empty() ? "" : ", ") + name;
  }
  if (!unused.empty()) options.warn("not part of the encoder, left out: " + unused);
}

}  // namespace

Result<Graph> ImportHuggingFace(const fs::path& folder, const ImportOptions& options) {
  const auto located = [&](Status status) {
    if (status.message.compare(0, folder.string().size(), folder.string()) != 0)
      status.message = folder.string() + ": " + status.message;
    return status;
  };
  const Json config = PARE_TRY(ReadJson(folder / "config.json"));
  const std::string type = StringOr(config, "model_type", "");
  const EncoderFamily* family = FindEncoderFamily(type);
  if (family == nullptr) {
    return located(Error(Code::kUnsupported, "model_type '" + type + "' is not among " +
                                                 EncoderFamilyNames() +
                                                 "; export the model to ONNX and convert that"));
  }
  TensorMap tensors = PARE_TRY(ReadSafetensorsFolder(folder));
  for (const ImportOptions::Adapter& adapter : options.adapters)
    PARE_TRY(MergeAdapter(adapter.folder, adapter.scale, &tensors));
  Result<Graph> graph = BuildGraph(folder, *family, config, tensors, options);
  if (!graph.ok()) return located(graph.status());
  WarnOfUnused(tensors, *graph, options);
  return graph;
}

}  // namespace pare::converter
