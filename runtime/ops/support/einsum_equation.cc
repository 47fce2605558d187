#include "runtime/ops/support/einsum_equation.h"

#include "runtime/ops/support/strided_copy.h"

namespace pare {
namespace {

constexpr int kLetters = 52;

// 0 to 51, or -1.
int LetterIndex(char c) {
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= 'A' && c <= 'Z') return c - 'A';
  return -1;
}

Status BadEquation() { return ShapeError("Einsum: the equation does not fit its inputs"); }

class Parser {
 public:
  Parser(const char* text, size_t length, const NodeView& node, EinsumEquation* equation)
      : text_(text), end_(text + length), node_(node), equation_(*equation) {
    for (int8_t& id : letter_label_) id = -1;
    for (int8_t& id : dots_label_) id = -1;
  }

  Status Parse() {
    bool more = true;
    while (more) {
      if (equation_.terms == kMaxEinsumTerms) {
        return Error(Code::kUnsupported, "Einsum: more than 8 inputs");
      }
      PARE_TRY(ParseInput(equation_.terms++));
      more = Skip() && *text_ == ',';
      if (more) ++text_;
    }
    if (equation_.terms != static_cast<int>(node_.input_count)) return BadEquation();
    if (!Skip()) return ImplyOutput();
    if (end_ - text_ < 2 || text_[0] != '-' || text_[1] != '>') return BadEquation();
    text_ += 2;
    return ParseOutput();
  }

 private:
  // Skips spaces; false at the end.
  bool Skip() {
    while (text_ < end_ && *text_ == ' ') ++text_;
    return text_ < end_;
  }

  bool TakeDots() {
    if (end_ - text_ < 3 || text_[0] != '.' || text_[1] != '.' || text_[2] != '.') return false;
    text_ += 3;
    return true;
  }

  // The label of a letter or of dimension `i` of "...", counted from the right; made when new.
  Status Label(int8_t* known, int8_t* label) {
    if (*known < 0) {
      if (equation_.label_count == kMaxEinsumLabels) {
        return Error(Code::kUnsupported, "Einsum: more than 24 different dimensions");
      }
      equation_.sizes[equation_.label_count] = 1;
      *known = static_cast<int8_t>(equation_.label_count++);
    }
    *label = *known;
    return Ok();
  }

  // Letters before and after "...", to know how many dimensions that stands for.
  Status ParseInput(int index) {
    const Tensor* t = node_.In(static_cast<uint32_t>(index));
    if (t == nullptr) return BadEquation();
    int8_t letters[kMaxRank];
    int count = 0, dots_at = -1;
    while (Skip() && *text_ != ',' && *text_ != '-') {
      if (*text_ == '.') {
        if (dots_at >= 0 || !TakeDots()) return BadEquation();
        dots_at = count;
        continue;
      }
      const int letter = LetterIndex(*text_++);
      if (letter < 0 || count == kMaxRank) return BadEquation();
      letters[count++] = static_cast<int8_t>(letter);
    }
    const int dots = t->shape.rank - count;
    if (dots < 0 || (dots > 0 && dots_at < 0)) return BadEquation();
    if (dots_at < 0) dots_at = count;
    EinsumTerm& term = equation_.in[index];
    for (int i = 0; i < count + dots; ++i) {
      const bool in_dots = i >= dots_at && i < dots_at + dots;
      int8_t* known = in_dots ? &dots_label_[dots_at + dots - 1 - i]
                              : &letter_label_[letters[i < dots_at ? i : i - dots]];
      int8_t label = 0;
      PARE_TRY(Label(known, &label));
      term.labels[term.rank++] = label;
      int64_t& size = equation_.sizes[label];
      const int64_t dim = t->shape[i];
      if (size != dim && size != 1 && dim != 1) return BadEquation();
      if (size == 1) size = dim;
      if (!in_dots) ++uses_[letters[i < dots_at ? i : i - dots]];
    }
    if (dots > dots_) dots_ = dots;
    return Ok();
  }

  Status Push(int8_t label) {
    if (label < 0 || equation_.out.rank == kMaxRank) return BadEquation();
    equation_.out.labels[equation_.out.rank++] = label;
    return Ok();
  }
  Status PushDots() {
    for (int i = dots_ - 1; i >= 0; --i) PARE_TRY(Push(dots_label_[i]));
    return Ok();
  }

  Status ParseOutput() {
    bool seen[kLetters] = {}, dots = false;
    while (Skip()) {
      if (*text_ == '.') {
        if (dots || !TakeDots()) return BadEquation();
        dots = true;
        PARE_TRY(PushDots());
        continue;
      }
      const int letter = LetterIndex(*text_++);
      if (letter < 0 || seen[letter]) return BadEquation();
      seen[letter] = true;
      PARE_TRY(Push(letter_label_[letter]));
    }
    return Ok();
  }

  // Without "->": "..." and then the letters that occur once, in alphabetic order.
  Status ImplyOutput() {
    PARE_TRY(PushDots());
    for (int letter = 0; letter < kLetters; ++letter) {
      if (uses_[letter] == 1) PARE_TRY(Push(letter_label_[letter]));
    }
    return Ok();
  }

  const char* text_;
  const char* end_;
  const NodeView& node_;
  EinsumEquation& equation_;
  int8_t letter_label_[kLetters];
  int8_t dots_label_[kMaxRank];
  int uses_[kLetters] = {};
  int dots_ = 0;
};

}  // namespace

Shape EinsumEquation::OutputShape() const {
  Shape shape;
  for (int i = 0; i < out.rank; ++i) shape.Push(sizes[out.labels[i]]);
  return shape;
}

void EinsumEquation::Strides(const EinsumTerm& term, const Shape& shape, int64_t* strides) const {
  int64_t row_major[kMaxRank];
  RowMajorStrides(shape, 1, row_major);
  for (int i = 0; i < label_count; ++i) strides[i] = 0;
  for (int i = 0; i < term.rank; ++i) {
    if (shape[i] != 1) strides[term.labels[i]] += row_major[i];
  }
}

Status ParseEinsum(const char* text, size_t length, const NodeView& node,
                   EinsumEquation* equation) {
  return Parser(text, length, node, equation).Parse();
}

}  // namespace pare
