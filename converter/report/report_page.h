// A report as one HTML page that needs nothing else: plots, sortable tables, light and dark.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace pare::converter {

// page.html, with kReportMark where the data belongs.
extern const char kReportPage[];
inline constexpr char kReportMark[] = "@PARE_REPORT_JSON@";

// The page of the JSON report of `pare convert`.
std::string ReportPage(const nlohmann::ordered_json& report);

}  // namespace pare::converter
