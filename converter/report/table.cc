#include "converter/report/table.h"

#include <algorithm>
#include <cstdio>

namespace pare::converter {
namespace {

// Code points of UTF-8 text: every byte that continues none.
size_t Width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string Table::Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
                        int indent) const {
  std::string line(static_cast<size_t>(indent), ' ');
  for (size_t c = 0; c < columns_.size(); ++c) {
    const std::string cell = c < cells.size() ? cells[c] : "";
    const std::string blanks(widths[c] - Width(cell), ' ');
    if (c > 0) line += "  ";
    line += columns_[c].alignment == kRight ? blanks + cell : cell + blanks;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string Table::Text(int indent) const {
  std::vector<std::string> titles;
  std::vector<size_t> widths;
  for (size_t c = 0; c < columns_.size(); ++c) {
    titles.push_back(columns_[c].title);
    size_t width = Width(titles[c]);
    for (const auto& row : rows_) {
      if (c < row.size()) width = std::max(width, Width(row[c]));
    }
    widths.push_back(width);
  }
  std::string text = Line(titles, widths, indent);
  for (const auto& row : rows_) text += Line(row, widths, indent);
  return text;
}

std::string BytesText(uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  auto value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  while (value >= 999.5) value /= 1000, ++unit;
  return FixedText(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0) + " " + kUnits[unit];
}

std::string ShapeText(const Shape& shape) {
  std::string text = "[";
  for (int d = 0; d < shape.rank; ++d) {
    if (d > 0) text += ", ";
    text += shape[d] < 0 ? "?" : std::to_string(shape[d]);
  }
  return text + "]";
}

std::string Shorten(const std::string& text, size_t most) {
  if (text.size() <= most) return text;
  size_t begin = text.size() - (most - 3);
  while (begin < text.size() && (text[begin] & 0xc0) == 0x80) ++begin;
  return "..." + text.substr(begin);
}

std::string FixedText(double value, int digits) {
  char text[400];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string HexText(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

}  // namespace pare::converter
