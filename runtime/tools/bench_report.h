// What pare-bench measures and how it prints it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "runtime/pare.h"
#include "runtime/tools/tool_result.h"

namespace pare::tools {

// Of times in milliseconds. Percentiles interpolate between the nearest two.
struct Summary {
  double min = 0, median = 0, mean = 0, p90 = 0, p99 = 0, max = 0, deviation = 0;
};
Summary Summarize(std::vector<double> milliseconds);

struct BenchResult {
  std::string model;
  double open_ms = 0, create_ms = 0, first_ms = 0;
  Summary times;
  size_t runs = 0;
  uint32_t threads = 0, placed = 0, format = 0;
  uint64_t peak_rss_bytes = 0;  // of the process
  uint64_t rss_bytes = 0;       // less what it was before the model was opened
  uint64_t file_bytes = 0, model_hash = 0;
  pare_memory memory = {};
  std::string cpu;
};

void PrintReport(const BenchResult& result, std::FILE* out);
// The keys that DESIGN fixes, in one object. "-": standard output.
ToolResult WriteJson(const BenchResult& result, const std::string& path);

// What `pare convert --target` reads: each step's node, kernel and time.
ToolResult WriteTargetProfile(const BenchResult& result, const pare_session* session,
                              const std::vector<uint64_t>& nanoseconds, const std::string& path);

// Times of each step summed over `runs` runs: a table an operator and one a node, slowest first.
void PrintProfile(const pare_session* session, const std::vector<uint64_t>& nanoseconds,
                  size_t runs, std::FILE* out);

}  // namespace pare::tools
