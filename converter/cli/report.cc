#include "converter/cli/report.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "converter/report/model_text.h"
#include "converter/report/report_page.h"
#include "converter/report/table.h"
#include "converter/write/byte_sink.h"

namespace pare::converter {
namespace {

// "4.53 MiB"
std::string Size(uint64_t bytes) {
  const double kib = static_cast<double>(bytes) / 1024;
  if (bytes < 1024) return fmt::format("{} B", bytes);
  return kib < 1024 ? fmt::format("{:.1f} KiB", kib) : fmt::format("{:.2f} MiB", kib / 1024);
}

std::string Decibels(double db) {
  if (std::isinf(db)) return db > 0 ? "equal" : "-inf";
  return FixedText(db, 1);
}

// JSON has no infinity: null stands for equal, "-inf" for no resemblance.
nlohmann::ordered_json DecibelsJson(double db) {
  if (std::isinf(db)) return db > 0 ? nlohmann::ordered_json() : "-inf";
  return db;
}

nlohmann::ordered_json FidelityJson(const Fidelity& f) {
  nlohmann::ordered_json json;
  json["snr_db"] = DecibelsJson(f.snr_db);
  json["cosine"] = f.cosine;
  json["max_abs_error"] = f.max_error;
  return json;
}

std::string LayersText(const ConvertReport& r) {
  if (r.layers.empty()) return "";
  Table table({{"layer"},
               {"op"},
               {"encoding"},
               {"bytes", Table::kRight},
               {"weight dB", Table::kRight},
               {"SNR dB", Table::kRight},
               {"cosine", Table::kRight},
               {"us", Table::kRight},
               {"why"}});
  for (const LayerRecord& layer : r.layers) {
    const auto found = r.errors.layers.find(layer.value);
    const bool measured = found != r.errors.layers.end();
    const auto timed = r.times.layers.find(layer.value);
    const std::string times =
        timed == r.times.layers.end()
            ? ""
            : FixedText(timed->second.before, 1) + " -> " + FixedText(timed->second.after, 1);
    table.Add({Shorten(layer.node.empty() ? layer.value : layer.node, 48), layer.op, layer.encoding,
               std::to_string(layer.bytes_before) + " -> " + std::to_string(layer.bytes_after),
               layer.weight_snr_db ? Decibels(*layer.weight_snr_db) : "",
               measured ? Decibels(found->second.snr_db) : "",
               measured ? FixedText(found->second.cosine, 6) : "", times, layer.reason});
  }
  return "\n" + table.Text();
}

nlohmann::ordered_json LayersJson(const ConvertReport& r) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const LayerRecord& layer : r.layers) {
    nlohmann::ordered_json row = {{"node", layer.node},
                                  {"op", layer.op},
                                  {"value", layer.value},
                                  {"encoding", layer.encoding},
                                  {"bytes_before", layer.bytes_before},
                                  {"bytes_after", layer.bytes_after}};
    if (!layer.reason.empty()) row["reason"] = layer.reason;
    if (layer.weight_snr_db) row["weight_snr_db"] = DecibelsJson(*layer.weight_snr_db);
    const auto found = r.errors.layers.find(layer.value);
    if (found != r.errors.layers.end()) row.update(FidelityJson(found->second));
    const auto timed = r.times.layers.find(layer.value);
    if (timed != r.times.layers.end()) {
      row["us_before"] = timed->second.before;
      row["us_after"] = timed->second.after;
    }
    layers.push_back(row);
  }
  return layers;
}

nlohmann::ordered_json OutputsJson(const ConvertReport& r) {
  nlohmann::ordered_json outputs = nlohmann::ordered_json::array();
  for (const auto& [name, fidelity] : r.errors.outputs) {
    nlohmann::ordered_json row = {{"name", name}};
    row.update(FidelityJson(fidelity));
    outputs.push_back(row);
  }
  return outputs;
}

// One line: how many layers have which encoding, and what it cost.
std::string QuantizedText(const ConvertReport& r) {
  if (r.layers.empty()) return "";
  std::map<std::string, size_t> encodings;
  for (const LayerRecord& layer : r.layers) ++encodings[layer.encoding];
  std::string text = "  layers  ";
  for (const auto& [encoding, count] : encodings)
    text +=
        fmt::format(" {} {}{}", count, encoding, encoding == encodings.rbegin()->first ? "" : ",");
  for (const auto& [name, fidelity] : r.errors.outputs)
    text +=
        fmt::format("; {} {} dB, cosine {:.6f}", name, Decibels(fidelity.snr_db), fidelity.cosine);
  return text + "\n";
}

std::string ReportText(const std::string& source, const std::string& output,
                       const ConvertReport& r) {
  std::string text = SummaryText(source, output, r) + "\n";
  for (const PassRecord& pass : r.passes) {
    text += fmt::format("{:<24} {:>9.1f} ms  {:>5} -> {:>5} nodes\n", pass.name, pass.milliseconds,
                        pass.nodes_before, pass.nodes_after);
  }
  return text + LayersText(r);
}

nlohmann::ordered_json ReportJson(const std::string& source, const std::string& output,
                                  const ConvertReport& r) {
  nlohmann::ordered_json passes = nlohmann::ordered_json::array();
  for (const PassRecord& pass : r.passes) {
    passes.push_back({{"name", pass.name},
                      {"ms", pass.milliseconds},
                      {"nodes_before", pass.nodes_before},
                      {"nodes_after", pass.nodes_after}});
  }
  nlohmann::ordered_json report = {{"source", source},
                                   {"output", output},
                                   {"nodes_before", r.nodes_before},
                                   {"nodes_after", r.nodes_after},
                                   {"weights_before", r.weights_before},
                                   {"weights_after", r.weights_after},
                                   {"weight_bytes_before", r.weight_bytes_before},
                                   {"weight_bytes_after", r.weight_bytes_after},
                                   {"file_bytes", r.file_bytes},
                                   {"import_ms", r.import_ms},
                                   {"write_ms", r.write_ms},
                                   {"f16", r.half_note},
                                   {"passes", passes}};
  if (!r.layers.empty()) {
    report["layers"] = LayersJson(r);
    report["outputs"] = OutputsJson(r);
    report["measured_samples"] = r.errors.samples;
  }
  if (!r.times.cpu.empty()) {
    report["latency"] = {{"measured_on", "this machine, " + r.times.cpu + ", 1 thread"},
                         {"us_before", r.times.all.before},
                         {"us_after", r.times.all.after}};
  }
  return report;
}

}  // namespace

std::string SummaryText(const std::string& source, const std::string& output,
                        const ConvertReport& r) {
  double milliseconds = r.import_ms + r.write_ms;
  for (const PassRecord& pass : r.passes) milliseconds += pass.milliseconds;
  return fmt::format(
      "{} -> {}\n"
      "  nodes    {} -> {}\n"
      "  weights  {} ({}) -> {} ({})\n"
      "{}{}"
      "  file     {} in {:.2f} s\n",
      source, output, r.nodes_before, r.nodes_after, r.weights_before, Size(r.weight_bytes_before),
      r.weights_after, Size(r.weight_bytes_after), QuantizedText(r),
      r.half_note.empty() ? "" : "  f16      " + r.half_note + "\n", Size(r.file_bytes),
      milliseconds / 1000);
}

bool IsReportName(const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension();
  return extension == ".json" || extension == ".txt" || extension == ".html";
}

Status WriteReport(const std::string& file, const std::string& source, const std::string& output,
                   const ConvertReport& report) {
  const std::string extension = std::filesystem::path(file).extension();
  std::string text;
  if (extension == ".txt") {
    text = ReportText(source, output, report);
  } else {
    const nlohmann::ordered_json json = ReportJson(source, output, report);
    text = extension == ".html" ? ReportPage(json) : DumpJson(json) + "\n";
  }
  const auto sink = PARE_TRY(FileSink::Create(file));
  PARE_TRY(sink->Write(text.data(), text.size()));
  return sink->Commit();
}

}  // namespace pare::converter
