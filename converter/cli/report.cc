#include "converter/cli/report.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "converter/write/byte_sink.h"

namespace pare::converter {
namespace {

// "4.53 MiB"
std::string Size(uint64_t bytes) {
  const double kib = static_cast<double>(bytes) / 1024;
  if (bytes < 1024) return fmt::format("{} B", bytes);
  return kib < 1024 ? fmt::format("{:.1f} KiB", kib) : fmt::format("{:.2f} MiB", kib / 1024);
}

std::string ReportText(const std::string& source, const std::string& output,
                       const ConvertReport& r) {
  std::string text = SummaryText(source, output, r) + "\n";
  for (const PassRecord& pass : r.passes) {
    text += fmt::format("{:<24} {:>9.1f} ms  {:>5} -> {:>5} nodes\n", pass.name, pass.milliseconds,
                        pass.nodes_before, pass.nodes_after);
  }
  return text;
}

std::string ReportJson(const std::string& source, const std::string& output,
                       const ConvertReport& r) {
  nlohmann::ordered_json passes = nlohmann::ordered_json::array();
  for (const PassRecord& pass : r.passes) {
    passes.push_back({{"name", pass.name},
                      {"ms", pass.milliseconds},
                      {"nodes_before", pass.nodes_before},
                      {"nodes_after", pass.nodes_after}});
  }
  const nlohmann::ordered_json report = {{"source", source},
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
  return report.dump(2) + "\n";
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
      "  file     {} in {:.2f} s\n{}",
      source, output, r.nodes_before, r.nodes_after, r.weights_before, Size(r.weight_bytes_before),
      r.weights_after, Size(r.weight_bytes_after), Size(r.file_bytes), milliseconds / 1000,
      r.half_note.empty() ? "" : "  f16      " + r.half_note + "\n");
}

bool IsReportName(const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension();
  return extension == ".json" || extension == ".txt";
}

Status WriteReport(const std::string& file, const std::string& source, const std::string& output,
                   const ConvertReport& report) {
  const bool json = std::filesystem::path(file).extension() == ".json";
  const std::string text =
      json ? ReportJson(source, output, report) : ReportText(source, output, report);
  const auto sink = PARE_TRY(FileSink::Create(file));
  PARE_TRY(sink->Write(text.data(), text.size()));
  return sink->Commit();
}

}  // namespace pare::converter
