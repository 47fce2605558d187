#include "converter/report/report_page.h"

#include "converter/report/model_text.h"

namespace pare::converter {

std::string ReportPage(const nlohmann::ordered_json& report) {
  // "</script>" or "<!--" in a name must not end the data.
  std::string data;
  for (const char c : DumpJson(report))
    data += c == '<' ? std::string("\\u003c") : std::string(1, c);
  std::string page = kReportPage;
  page.replace(page.find(kReportMark), sizeof kReportMark - 1, data);
  return page;
}

}  // namespace pare::converter
