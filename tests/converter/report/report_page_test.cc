// The report as a browser shows it: chromium's headless shell prints the page after its scripts.
#include "converter/report/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

#include "converter/cli/report.h"
#include "tests/support/model_folder.h"

namespace pare::converter {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kBrowser[] = "chromium-headless-shell";

// Layers of every kind, one with a name that would end a script.
ConvertReport Sample() {
  ConvertReport r;
  r.weight_bytes_before = 52800, r.weight_bytes_after = 17700, r.file_bytes = 18432;
  r.passes = {{"calibrate", 12.25, 9, 9}, {"quantize_static", 1.5, 9, 11}};
  r.layers = {{"</script><b>conv1</b>", "Conv", "v1", "int8", "", 4800, 1300, 42.5},
              {"conv2", "Conv", "v2", "f32", "excluded by 'conv2'", 8000, 8000, {}},
              {"fc", "MatMul", "y", "int8", "", 40000, 8400, {}}};
  const auto fidelity = [](double snr) { return Fidelity{snr, 0.99951171875, 0.0625, 2, 0}; };
  r.errors.samples = 4;
  r.errors.layers = {{"v1", fidelity(34.123456789)},
                     {"v2", fidelity(std::numeric_limits<double>::infinity())},
                     {"y", fidelity(-std::numeric_limits<double>::infinity())}};
  r.errors.outputs = {{"y", fidelity(21.5)}};
  r.times.cpu = "avx2";
  r.times.layers = {{"v1", {120.5, 40.25}}, {"v2", {80.125, 81}}, {"y", {300.75, 90}}};
  r.times.all = {501.375, 211.25};
  return r;
}

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// The part of the page from `from` on, up to `to`.
std::string Between(const std::string& page, const std::string& from, const std::string& to) {
  const size_t begin = page.find(from);
  if (begin == std::string::npos) return "";
  return page.substr(begin, page.find(to, begin) - begin);
}

// Numbers in the attribute data-value of the marks or cells that have `key`, in order.
std::vector<std::string> ValuesOf(const std::string& part, const std::string& key) {
  std::vector<std::string> values;
  const std::string name = "data-value=\"";
  for (size_t at = part.find(key); at != std::string::npos; at = part.find(key, at + 1)) {
    const size_t begin = part.find(name, at) + name.size();
    values.push_back(part.substr(begin, part.find('"', begin) - begin));
  }
  return values;
}

std::string TextOf(const Json& number) {
  return number.is_null() ? "null" : number.is_string() ? number.get<std::string>() : number.dump();
}

void ExpectSame(const std::string& shown, const Json& number) {
  if (number.is_number()) {
    EXPECT_EQ(std::strtod(shown.c_str(), nullptr), number.get<double>());
  } else {
    EXPECT_EQ(shown, TextOf(number));
  }
}

class Browser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system((std::string("command -v ") + kBrowser + " >/dev/null").c_str()) == 0) return;
    ASSERT_EQ(std::getenv("PARE_REQUIRE_BROWSER"), nullptr) << kBrowser << " is not installed";
    GTEST_SKIP() << kBrowser << " is not installed";
  }
  // The page after its scripts.
  std::string Open(const ConvertReport& report) {
    const std::string page = (folder_.path() / "r.html").string();
    const std::string shown = (folder_.path() / "shown.html").string();
    EXPECT_TRUE(WriteReport(page, "net.onnx", "net.pare", report).ok());
    const std::string command =
        std::string(kBrowser) + " --no-sandbox --disable-gpu --window-size=1200,900 " +
        "--user-data-dir=" + folder_.path().string() + "/profile --dump-dom file://" + page + " >" +
        shown + " 2>/dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0);
    return ReadFile(shown);
  }
  Json ReadJson(const ConvertReport& report) {
    const std::string path = (folder_.path() / "r.json").string();
    EXPECT_TRUE(WriteReport(path, "net.onnx", "net.pare", report).ok());
    return Json::parse(ReadFile(path));
  }

  const testing::TempFolder folder_;
};

TEST_F(Browser, ShowsPlotsAndTheNumbersOfTheJson) {
  const std::string page = Open(Sample());
  const Json json = ReadJson(Sample());
  EXPECT_THAT(page, HasSubstr("data-ready=\"true\""));
  EXPECT_THAT(page, HasSubstr("data-errors=\"0\""));
  const std::string table = Between(page, "<table id=\"layers\"", "</table>");
  const auto expect_plot = [&](const std::string& id, const std::vector<std::string>& keys) {
    const auto bars =
        ValuesOf(Between(page, "<svg id=\"" + id + "\"", "</svg>"), "<rect class=\"bar ");
    ASSERT_EQ(bars.size(), json["layers"].size() * keys.size()) << id;
    for (size_t i = 0; i < bars.size(); ++i)
      ExpectSame(bars[i], json["layers"][i / keys.size()][keys[i % keys.size()]]);
  };
  expect_plot("plot-snr", {"snr_db"});
  expect_plot("plot-bytes", {"bytes_before", "bytes_after"});
  expect_plot("plot-time", {"us_before", "us_after"});
  for (const char* key : {"snr_db", "cosine", "max_abs_error", "bytes_before", "bytes_after",
                          "us_before", "us_after"}) {
    const auto cells = ValuesOf(table, std::string("data-key=\"") + key + "\"");
    ASSERT_EQ(cells.size(), json["layers"].size()) << key;
    for (size_t i = 0; i < cells.size(); ++i) ExpectSame(cells[i], json["layers"][i][key]);
  }
}

TEST_F(Browser, ShowsNamesAsText) {
  const std::string page = Open(Sample());
  EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;b&gt;conv1"));
  EXPECT_THAT(page, HasSubstr("excluded by 'conv2'"));
  EXPECT_THAT(page, Not(HasSubstr("<b>conv1</b>")));
}

TEST_F(Browser, NeedsNoLayers) {
  ConvertReport report;
  report.half_note = "93 % of the weights";
  const std::string page = Open(report);
  EXPECT_THAT(page, HasSubstr("data-ready=\"true\""));
  EXPECT_THAT(page, HasSubstr("data-errors=\"0\""));
  EXPECT_THAT(page, HasSubstr("93 % of the weights"));
  EXPECT_EQ(CountOf(page, "<svg "), 0u);
}

TEST(ReportPage, NeedsNothingElse) {
  const std::string page = ReportPage({{"source", "http://a/<!--"}});
  for (const char* outside : {"src=", "<link", "@import", "url(", "fetch("})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  EXPECT_THAT(page, HasSubstr("http://a/\\u003c!--"));
}

}  // namespace
}  // namespace pare::converter
