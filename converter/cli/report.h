// What a conversion did, for people and for scripts.
#pragma once

#include <string>

#include "converter/convert.h"

namespace pare::converter {

// A few lines: nodes, weights, bytes before and after.
std::string SummaryText(const std::string& source, const std::string& output,
                        const ConvertReport& report);
// Whether the name ends in .html, .json or .txt.
bool IsReportName(const std::string& file);
// The summary, a line a pass and one a layer; as JSON or as a page where the name ends so.
Status WriteReport(const std::string& file, const std::string& source, const std::string& output,
                   const ConvertReport& report);

}  // namespace pare::converter
