// A table of text with aligned columns, as the tools print.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace pare::tools {

class Table {
 public:
  enum Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // A cell for each column.
  void Add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void Print(std::FILE* out) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// printf into a string.
__attribute__((format(printf, 1, 2))) std::string Format(const char* format, ...);
// "3.2 MB", in powers of 1000 as `ls -h --si` has them.
std::string FormatBytes(double bytes);

}  // namespace pare::tools
