// Text for people: aligned tables, sizes, shapes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "converter/ir/graph.h"

namespace pare::converter {

// Columns are as wide as their widest cell; two spaces between them; no trailing blanks.
class Table {
 public:
  enum Alignment { kLeft, kRight };
  struct Column {
    const char* title;
    Alignment alignment = kLeft;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell a column; missing ones are empty.
  void Add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  // The titles, then the rows, each line after `indent` spaces.
  std::string Text(int indent = 2) const;

 private:
  std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
                   int indent) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "512 B", "22.9 MB": powers of 1000, three digits.
std::string BytesText(uint64_t bytes);
// "[1, 3, 224, 224]"; a negative dimension is "?".
std::string ShapeText(const Shape& shape);
// The text, or where it is longer than `most` bytes its end behind three dots.
std::string Shorten(const std::string& text, size_t most);
// "%.*f" without the locale.
std::string FixedText(double value, int digits);
// "0x%08x"
std::string HexText(uint32_t value);

}  // namespace pare::converter
