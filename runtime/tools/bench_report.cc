#include "runtime/tools/bench_report.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

#include "runtime/tools/table.h"
#include "runtime/tools/tool_session.h"

namespace pare::tools {
namespace {

double Percentile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(at);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

std::string Milliseconds(double ms) { return Format("%.3f", ms); }
std::string Share(double part, double all) {
  return Format("%.1f %%", all > 0 ? part / all * 100 : 0.0);
}

// As the inside of a JSON string.
std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += static_cast<unsigned char>(c) < 0x20
                   ? Format("\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)))
                   : std::string(1, c);
  }
  return escaped;
}

// "-": to standard output.
ToolResult WriteText(const std::string& text, const std::string& path) {
  if (path == "-") {
    std::fputs(text.c_str(), stdout);
    return Success();
  }
  std::FILE* file = std::fopen(path.c_str(), "w");
  bool ok = file != nullptr && std::fputs(text.c_str(), file) >= 0;
  if (file != nullptr) ok = std::fclose(file) == 0 && ok;
  return ok ? Success() : Failure(path + ": cannot write it: " + std::strerror(errno));
}

}  // namespace

Summary Summarize(std::vector<double> ms) {
  Summary s;
  if (ms.empty()) return s;
  std::sort(ms.begin(), ms.end());
  const auto count = static_cast<double>(ms.size());
  s.min = ms.front(), s.max = ms.back();
  s.median = Percentile(ms, 0.5), s.p90 = Percentile(ms, 0.9), s.p99 = Percentile(ms, 0.99);
  s.mean = std::accumulate(ms.begin(), ms.end(), 0.0) / count;
  double squares = 0;
  for (const double t : ms) squares += (t - s.mean) * (t - s.mean);
  s.deviation = std::sqrt(squares / count);
  return s;
}

void PrintReport(const BenchResult& r, std::FILE* out) {
  std::fprintf(out, "model      %s, %s, format %" PRIu32 ", hash %016" PRIx64 "\n", r.model.c_str(),
               FormatBytes(static_cast<double>(r.file_bytes)).c_str(), r.format, r.model_hash);
  std::fprintf(out, "device     %s, %" PRIu32 " thread%s", r.cpu.c_str(), r.threads,
               r.threads == 1 ? "" : "s");
  if (r.threads > 1) {
    std::fprintf(out, " (the caller, and %" PRIu32 " of %" PRIu32 " kept on the fastest cores)",
                 r.placed, r.threads - 1);
  }
  std::fprintf(out, "\n");
  std::fprintf(out, "load       %.3f ms (open %.3f, create session %.3f)\n",
               r.open_ms + r.create_ms, r.open_ms, r.create_ms);
  std::fprintf(out, "first run  %.3f ms\n", r.first_ms);
  const Summary& t = r.times;
  std::fprintf(out,
               "latency    min %.3f  median %.3f  mean %.3f  p90 %.3f  p99 %.3f  max %.3f  "
               "std %.3f ms\n",
               t.min, t.median, t.mean, t.p90, t.p99, t.max, t.deviation);
  std::fprintf(out, "runs       %zu, %.1f a second\n", r.runs, t.mean > 0 ? 1000 / t.mean : 0.0);
  std::fprintf(out, "memory     peak %s, %s above the empty process\n",
               FormatBytes(static_cast<double>(r.peak_rss_bytes)).c_str(),
               FormatBytes(static_cast<double>(r.rss_bytes)).c_str());
  std::fprintf(out, "arena      %s (activations %s, scratch %s, plan %s)\n",
               FormatBytes(static_cast<double>(r.memory.arena)).c_str(),
               FormatBytes(static_cast<double>(r.memory.activations)).c_str(),
               FormatBytes(static_cast<double>(r.memory.scratch)).c_str(),
               FormatBytes(static_cast<double>(r.memory.plan)).c_str());
}

ToolResult WriteJson(const BenchResult& r, const std::string& path) {
  const std::string text = Format(
      "{\n  \"load_ms\": %.6f,\n  \"first_ms\": %.6f,\n  \"min_ms\": %.6f,\n"
      "  \"median_ms\": %.6f,\n  \"mean_ms\": %.6f,\n  \"p90_ms\": %.6f,\n  \"p99_ms\": %.6f,\n"
      "  \"runs\": %zu,\n  \"threads\": %" PRIu32 ",\n  \"peak_rss_bytes\": %" PRIu64
      ",\n  \"rss_bytes\": %" PRIu64 ",\n  \"arena_bytes\": %" PRIu64
      ",\n  \"file_bytes\": %" PRIu64 ",\n  \"cpu\": \"%s\",\n  \"schema\": %" PRIu32
      ",\n  \"model_hash\": \"%016" PRIx64 "\"\n}\n",
      r.open_ms + r.create_ms, r.first_ms, r.times.min, r.times.median, r.times.mean, r.times.p90,
      r.times.p99, r.runs, r.threads, r.peak_rss_bytes, r.rss_bytes, r.memory.arena, r.file_bytes,
      r.cpu.c_str(), r.format, r.model_hash);
  return WriteText(text, path);
}

ToolResult WriteTargetProfile(const BenchResult& r, const pare_session* session,
                              const std::vector<uint64_t>& nanoseconds, const std::string& path) {
  std::string text = Format(
      "{\n  \"schema\": \"pare-target-profile\",\n  \"version\": 1,\n  \"cpu\": \"%s\",\n"
      "  \"threads\": %" PRIu32 ",\n  \"model_hash\": \"%016" PRIx64 "\",\n  \"steps\": [",
      r.cpu.c_str(), r.threads, r.model_hash);
  for (uint32_t i = 0; i < nanoseconds.size(); ++i) {
    pare_step s;
    (void)pare_session_step(session, i, &s);
    text += Format("%s\n    {\"node\": \"%s\", \"op\": \"%s\", \"kernel\": \"%s\", \"us\": %.3f}",
                   i > 0 ? "," : "", Escaped(s.name).c_str(), s.op, s.kernel,
                   static_cast<double>(nanoseconds[i]) / 1000);
  }
  return WriteText(text + "\n  ]\n}\n", path);
}

void PrintProfile(const pare_session* session, const std::vector<uint64_t>& nanoseconds,
                  size_t runs, std::FILE* out) {
  struct Group {
    double ms = 0;
    size_t nodes = 0;
  };
  std::map<std::string, Group> ops;
  std::vector<double> ms(nanoseconds.size());
  std::vector<pare_step> steps(nanoseconds.size());
  for (uint32_t i = 0; i < steps.size(); ++i) {
    (void)pare_session_step(session, i, &steps[i]);
    ms[i] = static_cast<double>(nanoseconds[i]) / 1e6 / static_cast<double>(runs);
    Group& group = ops[steps[i].op];
    group.ms += ms[i], ++group.nodes;
  }
  const double all = std::accumulate(ms.begin(), ms.end(), 0.0);

  std::vector<std::pair<std::string, Group>> sorted(ops.begin(), ops.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.ms > b.second.ms; });
  Table by_op({{"op", Table::kLeft},
               {"nodes", Table::kRight},
               {"ms", Table::kRight},
               {"share", Table::kRight}});
  for (const auto& [op, group] : sorted) {
    by_op.Add({op, std::to_string(group.nodes), Milliseconds(group.ms), Share(group.ms, all)});
  }
  by_op.Add({"all", std::to_string(steps.size()), Milliseconds(all), ""});
  std::fprintf(out, "\n");
  by_op.Print(out);

  std::vector<uint32_t> order(steps.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return ms[a] > ms[b]; });
  Table by_node({{"ms", Table::kRight},
                 {"share", Table::kRight},
                 {"sum", Table::kRight},
                 {"step", Table::kRight},
                 {"node", Table::kLeft},
                 {"op", Table::kLeft},
                 {"kernel", Table::kLeft},
                 {"output", Table::kLeft}});
  double sum = 0;
  for (const uint32_t i : order) {
    const pare_step& s = steps[i];
    sum += ms[i];
    by_node.Add({Milliseconds(ms[i]), Share(ms[i], all), Share(sum, all), std::to_string(i),
                 *s.name != '\0' ? s.name : Format("#%d", s.node), s.op,
                 *s.kernel != '\0' ? s.kernel : "-",
                 pare_dtype_name(s.dtype) + FormatShape(s.shape)});
  }
  std::fprintf(out, "\n");
  by_node.Print(out);
}

}  // namespace pare::tools
