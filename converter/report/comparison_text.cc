#include <algorithm>
#include <cmath>
#include <cstdio>

#include "converter/report/advice.h"
#include "converter/report/comparison.h"
#include "converter/report/table.h"

namespace pare::converter {
namespace {

using Json = nlohmann::ordered_json;

std::string SnrText(double db) {
  if (std::isinf(db)) return db > 0 ? "equal" : "-inf";
  return FixedText(db, 1);
}

std::string ScientificText(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2e", value);
  return text;
}

Table MakeTable(const char* first) {
  return Table({{first},
                {"op"},
                {"shape"},
                {"SNR dB", Table::kRight},
                {"cosine", Table::kRight},
                {"max error", Table::kRight},
                {"of range", Table::kRight}});
}

void AddRow(const ComparedValue& v, Table* table) {
  const Fidelity& f = v.fidelity;
  const double relative = f.max_value > 0 ? f.max_error / f.max_value : 0;
  table->Add({Shorten(v.name, 56), v.op, ShapeText(v.shape), SnrText(f.snr_db),
              FixedText(f.cosine, 6), ScientificText(f.max_error), ScientificText(relative)});
}

// JSON has no infinity: null stands for equal, "-inf" for no resemblance.
Json SnrJson(double db) {
  if (!std::isinf(db)) return db;
  return db > 0 ? Json(nullptr) : Json("-inf");
}

Json ValueJson(const ComparedValue& v) {
  Json shape = Json::array();
  for (int d = 0; d < v.shape.rank; ++d) shape.push_back(v.shape[d]);
  return {{"name", v.name},
          {"op", v.op},
          {"shape", shape},
          {"snr_db", SnrJson(v.fidelity.snr_db)},
          {"cosine", v.fidelity.cosine},
          {"max_abs_error", v.fidelity.max_error},
          {"max_abs_value", v.fidelity.max_value},
          {"not_finite", v.fidelity.not_finite}};
}

// The first layer that breaks, and what to try; empty where none does.
std::string BreakText(const Comparison& c) {
  const int first = c.FirstBreaking();
  if (first < 0) return "";
  const ComparedValue& layer = c.layers[static_cast<size_t>(first)];
  std::string text = "the first to break is " + layer.node + " (" + layer.op + ", " +
                     layer.encoding + "): " + SnrText(layer.fidelity.snr_db) +
                     " dB, what it reads has " + SnrText(layer.input_db) +
                     (std::isinf(layer.input_db) ? "" : " dB") + "; try\n";
  for (const std::string& advice : AdviceFor(layer.encoding, layer.node))
    text += "  " + advice + "\n";
  return text;
}

Json BreakJson(const Comparison& c) {
  const int first = c.FirstBreaking();
  if (first < 0) return nullptr;
  const ComparedValue& layer = c.layers[static_cast<size_t>(first)];
  Json json = {{"name", layer.name},
               {"node", layer.node},
               {"encoding", layer.encoding},
               {"snr_db", SnrJson(layer.fidelity.snr_db)},
               {"input_snr_db", SnrJson(layer.input_db)}};
  json["try"] = AdviceFor(layer.encoding, layer.node);
  return json;
}

}  // namespace

std::string ComparisonText(const Comparison& c, int most) {
  Table outputs = MakeTable("output");
  for (const ComparedValue& v : c.outputs) AddRow(v, &outputs);
  std::string text = outputs.Text(0) + "\n";
  std::vector<const ComparedValue*> shown;
  for (const ComparedValue& v : c.layers) shown.push_back(&v);
  const bool all = most < 0 || shown.size() <= static_cast<size_t>(most);
  if (!all) {
    std::stable_sort(shown.begin(), shown.end(), [](const auto* x, const auto* y) {
      return x->fidelity.snr_db < y->fidelity.snr_db;
    });
    shown.resize(static_cast<size_t>(most));
  }
  Table layers = MakeTable(all ? "layer" : "worst layers");
  for (const ComparedValue* v : shown) AddRow(*v, &layers);
  if (!layers.empty()) text += layers.Text(0) + "\n";
  text += std::to_string(c.layers.size()) + " of " + std::to_string(c.reference_layers) +
          " values of the first model have their like in the second\n";
  const int first = c.FirstDiverging();
  text += first < 0 ? "no layer is below " : "first layer below ";
  text += FixedText(c.diverging_db, 0) + " dB";
  if (first >= 0) text += ": " + c.layers[static_cast<size_t>(first)].name;
  return text + "\n" + BreakText(c);
}

Json ComparisonJson(const Comparison& c) {
  Json json;
  json["outputs"] = Json::array();
  for (const ComparedValue& v : c.outputs) json["outputs"].push_back(ValueJson(v));
  json["worst_output_snr_db"] = SnrJson(c.WorstOutput());
  json["layers"] = Json::array();
  for (const ComparedValue& v : c.layers) json["layers"].push_back(ValueJson(v));
  json["layers_of_reference"] = c.reference_layers;
  json["diverging_db"] = c.diverging_db;
  const int first = c.FirstDiverging();
  json["first_diverging"] =
      first < 0 ? Json(nullptr) : Json(c.layers[static_cast<size_t>(first)].name);
  json["first_breaking"] = BreakJson(c);
  json["other_shapes"] = c.other_shapes;
  return json;
}

}  // namespace pare::converter
