#include "runtime/ops/support/gemm.h"

#include <cstring>

#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/layout/layout.h"
#include "runtime/ops/support/activation.h"

namespace pare {
namespace {

constexpr size_t kBlockBytes = 1 << 20;  // of A that a task keeps in cache
constexpr size_t kPatchBytes = 1 << 16;  // of copied rows
constexpr size_t kKeptBytes = 32 << 10;  // of panels that stay in the first cache
constexpr size_t kPointers = 4096;       // of a task
constexpr size_t kMaxTileRows = 16, kMaxTileColumns = 64;
constexpr size_t kTasksPerThread = 4;     // enough to even out what threads lose
constexpr double kMinProducts = 1 << 17;  // of a task, about 2 us: less is not worth a hand-over
constexpr size_t kMostTasks = 1 << 20;
constexpr size_t kRowsOfLoad = 8;  // a weight's way from memory takes as long as products with them

size_t Min(size_t a, size_t b) { return a < b ? a : b; }
size_t Max(size_t a, size_t b) { return a > b ? a : b; }
// NOLINTNEXTLINE(clang-analyzer-core.DivideZero): the analyzer forgets what Max(1, x) says of x.
size_t CeilDiv(size_t a, size_t b) { return (a + b - 1) / b; }
size_t RoundUp(size_t a, size_t b) { return CeilDiv(a, b) * b; }

struct Range {
  size_t begin, end;
};
// `count` things in `parts` parts of nearly equal size. Divides once: parts are asked for often.
struct Split {
  Split(size_t count, size_t parts) : each(count / parts), longer(count % parts) {}
  size_t Begin(size_t i) const { return i * each + Min(i, longer); }
  Range operator[](size_t i) const { return {Begin(i), Begin(i + 1)}; }
  size_t each, longer;  // the first `longer` parts have one more
};

size_t PanelCount(size_t columns) { return CeilDiv(columns, kPanelRows); }
// Panels that a group's columns touch, wherever the group starts.
size_t MostPanels(const GemmSize& s) {
  return PanelCount(s.n) + (s.groups > 1 && s.n % kPanelRows != 0 ? 1 : 0);
}

// Rows whose pointers fit into scratch, and are worth keeping.
size_t MostRows(const GemmSize& s) { return Min(Max(1, kPointers / Max(1, s.taps)), s.m); }

// Bytes from a panel of b to the next.
size_t PanelBytes(const GemmSize& s) {
  if (s.layout == Layout::kInt8T16) return Int8PanelBytes(s.taps * CeilDiv(s.k, 4));
  if (GroupOf(s.layout) != 0) return FourBitPanelBytes(s.layout, s.k);
  return PackedBytesT16(s.b, kPanelRows, s.b_k);
}

size_t UnpackedPanelBytes(const GemmSize& s) {
  return UnpackedBytes(s.a, s.layout, s.b_k, GroupOf(s.layout));
}

// Bytes of the parts of a thread's scratch. No part grows when a dimension shrinks: what was
// planned for the largest sizes serves all smaller ones.
struct ScratchLayout {
  ScratchLayout(const GemmSize& s, const MatmulKernel& kernel, bool unpack)
      : rows(Max(kMaxTileRows, kernel.mr)),
        pointers(RoundUp((MostRows(s) + rows) * s.taps * sizeof(float*), kAlignment)),
        patch(s.patch == 0 ? 0 : RoundUp(kPatchBytes + rows * s.patch * SizeOf(s.a), kAlignment)),
        panels(unpack ? UnpackedPanelBytes(s) * PanelCount(kernel.nr) : 0),
        tile(rows * kMaxTileColumns * sizeof(float)) {}
  size_t Total() const { return pointers + patch + panels + tile; }
  size_t rows;  // of a tile; only AMX has more than kMaxTileRows
  size_t pointers, patch, panels, tile;
};

Status PlanActivation(const ActivationParams& activation, CpuMask cpu, GemmPlan* plan) {
  plan->activation = activation;
  plan->activate = nullptr;
  ClampBounds bounds;
  if (!ClampOf(activation, &bounds)) plan->activate = PARE_TRY(SelectActivation(activation, cpu));
  plan->lower = bounds.lower;
  plan->upper = bounds.upper;
  return Ok();
}

// The most rows that a task should have.
size_t RowsOfBlock(const GemmSize& s) {
  size_t rows = Min(MostRows(s), Max(1, kBlockBytes / SizeOf(s.a) / Max(1, s.k)));
  if (s.patch > 0) rows = Min(rows, Max(1, kPatchBytes / SizeOf(s.a) / s.patch));
  return Max(1, rows);
}

// True where the columns are shared out and not the rows. A thread then reads what others have in
// their caches: parts of A, and of C in the next step. Otherwise every thread reads all of B.
bool SharesColumns(const GemmSize& s, const MatmulKernel& kernel, size_t threads) {
  return s.n > kernel.nr && (s.m < kernel.mr * threads || s.n * s.taps * s.k > s.m * (s.k + s.n));
}

// How many tasks of a group its work is worth.
size_t WantedTasks(const GemmSize& s, size_t threads) {
  const double depth = double(s.taps) * double(s.k);
  const double work = double(s.groups) * double(s.m + kRowsOfLoad) * double(s.n) * depth;
  const double tasks = work / kMinProducts;
  const size_t most = tasks < double(kMostTasks) ? static_cast<size_t>(tasks) : kMostTasks;
  return CeilDiv(Min(kTasksPerThread * threads, most), Max(1, s.groups));
}

// Blocks that fit into caches, and enough tasks for the threads, the same work in each one's share.
void CutIntoTasks(const GemmSize& s, size_t threads, GemmPlan* plan) {
  const MatmulKernel& kernel = *plan->kernel;
  size_t shares = 1, blocks = Max(1, CeilDiv(s.m, RowsOfBlock(s))), parts = 1;
  const size_t wanted = WantedTasks(s, threads);
  plan->rows_first = false;
  if (threads > 1 && wanted > 1) {
    const size_t chunks = CeilDiv(MostPanels(s), PanelCount(kernel.nr));
    const bool even = s.groups % threads == 0;
    plan->rows_first = SharesColumns(s, kernel, threads);
    if (!plan->rows_first) {
      shares = even ? 1 : Min(threads, Max(1, s.m));
      blocks = Max(CeilDiv(blocks, shares), Min(CeilDiv(wanted, shares), s.m / shares / kernel.mr));
    } else if (even || chunks % threads == 0 || s.m < kernel.mr * threads || wanted < chunks) {
      parts = Min(chunks, wanted);
    } else {  // the chunks do not come out even: two threads do parts of the same one
      parts = chunks;
      shares = threads;
      blocks = CeilDiv(blocks, shares);
    }
  }
  const size_t tiles = CeilDiv(s.m / shares, kernel.mr);  // of the smallest share
  plan->row_shares = static_cast<uint32_t>(shares);
  plan->row_blocks = static_cast<uint32_t>(Min(blocks, Max(1, tiles)));
  plan->column_parts = static_cast<uint32_t>(parts);
}

// Sets kernel and unpack.
Status ChooseKernels(const GemmSize& s, CpuMask cpu, GemmPlan* plan) {
  plan->kernel = nullptr;
  plan->unpack = nullptr;
  const bool is_float = s.a == DType::kF32;
  const bool cut = s.groups > 1 && s.n % kPanelRows != 0;  // groups start inside a panel
  const size_t n = cut ? MostPanels(s) * kPanelRows : s.n;
  const bool is_half = s.b != DType::kF32;
  if (!is_half || (s.m == 1 && s.k == s.b_k))
    plan->kernel = SelectMatmul(s.a, s.b, s.layout, s.m, n, cpu);
  const bool reads_panels = is_float || GroupOf(s.layout) == 0 || s.m == 1;
  if (plan->kernel != nullptr && reads_panels) return Ok();
  if (is_float) plan->kernel = SelectMatmul(s.a, DType::kF32, Layout::kT16, s.m, n, cpu);
  const UnpackKernel* unpack = SelectUnpack(s.a, s.b, s.layout, cpu);
  if (plan->kernel == nullptr || unpack == nullptr)
    return Error(Code::kUnsupported, "weights of this type do not multiply this input");
  plan->unpack = unpack->run;
  return Ok();
}

}  // namespace

Status PlanGemm(const GemmSize& s, float alpha, const ActivationParams& activation, CpuMask cpu,
                size_t threads, GemmPlan* plan) {
  PARE_TRY(PlanActivation(activation, cpu, plan));
  plan->alpha = alpha;
  if (s.c != DType::kF32 && plan->activate != nullptr)
    return Error(Code::kUnsupported, "a quantized result takes no fused activation but a clamp");
  PARE_TRY(ChooseKernels(s, cpu, plan));
  CutIntoTasks(s, threads, plan);
  plan->thread_scratch = ScratchLayout(s, *plan->kernel, plan->unpack != nullptr).Total();
  return Ok();
}

namespace {

// One task: rows [rows.begin, rows.end) and panels [panels.begin, panels.end) of a group.
class Block {
 public:
  Block(const GemmPlan& plan, const GemmProblem& problem, size_t group, Range rows,
        std::byte* scratch)
      : plan_(plan),
        problem_(problem),
        group_index_(group),
        rows_(rows),
        tiles_(CeilDiv(rows.end - rows.begin, plan.kernel->mr)),
        tile_rows_(rows.end - rows.begin, tiles_) {
    const ScratchLayout layout(problem.size, *plan.kernel, plan.unpack != nullptr);
    pointers_ = reinterpret_cast<const void**>(scratch);
    patch_ = scratch + layout.pointers;
    panels_ = patch_ + layout.patch;
    tile_ = patch_ + layout.patch + layout.panels;
    problem.locate(problem, group, &group_);
    panel_bytes_ = PanelBytes(problem.size);
    FillPointers();
  }

  // Computes the columns of `part`. `more`: the thread goes on with those that follow.
  void Run(size_t part, bool more) {
    const size_t first = group_.column / kPanelRows;
    const size_t last = PanelCount(group_.column + problem_.size.n);
    const size_t width = PanelCount(plan_.kernel->nr);
    const size_t chunks = CeilDiv(last - first, width);
    const Range mine = Split(chunks, plan_.column_parts)[part];
    if (mine.begin == mine.end) return;
    const Split panels(last - first, chunks);
    const auto panel = [&](size_t chunk) { return first + panels.Begin(chunk); };
    columns_ = Columns(panel(mine.begin), panel(mine.end));
    const bool keep = mine.end - mine.begin > 1 && KeepsPanels(panel(mine.end) - panel(mine.begin));
    const size_t step = keep ? 1 : tiles_;
    const size_t end = more && mine.end < chunks ? mine.end + 1 : mine.end;
    for (size_t t = 0; t < tiles_; t += step) {
      for (size_t i = mine.begin; i < mine.end; ++i) {
        const size_t next = i + 2 < end ? i + 2 : end;
        RunColumns(panel(i), panel(i + 1), keep ? panel(i + 1) : panel(next), {t, t + step});
      }
    }
  }

 private:
  Range Rows(size_t tile) const { return tile_rows_[tile]; }

  // Columns of c that panels [begin, end) make.
  Range Columns(size_t begin, size_t end) const {
    return {Max(begin * kPanelRows, group_.column),
            Min(end * kPanelRows, group_.column + problem_.size.n)};
  }

  // Whether panels stay in the first cache from tile to tile: then each tile runs through all
  // columns, and a row of c is written at once.
  bool KeepsPanels(size_t panels) const {
    return plan_.unpack == nullptr && panels * panel_bytes_ <= kKeptBytes;
  }

  void FillPointers() {
    for (size_t t = 0; t < tiles_; ++t) {
      const Range r = Rows(t);
      const void** pointers = pointers_ + r.begin * problem_.size.taps;
      const size_t row = rows_.begin + r.begin, count = r.end - r.begin;
      if (problem_.point != nullptr) {
        problem_.point(problem_, group_index_, row, count, pointers,
                       patch_ + r.begin * problem_.size.patch * SizeOf(problem_.size.a));
      } else {
        const size_t stride = problem_.a_stride * SizeOf(problem_.size.a);
        const auto* a = static_cast<const std::byte*>(group_.a) + row * stride;
        for (size_t i = 0; i < count; ++i) pointers[i] = a + i * stride;
      }
    }
  }

  // Computes the columns of panels [first_panel, last_panel) of some tiles; those up to next_panel
  // come after.
  void RunColumns(size_t first_panel, size_t last_panel, size_t next_panel, Range tiles) {
    const GemmSize& s = problem_.size;
    const size_t column = first_panel * kPanelRows;
    MatmulArgs args;
    args.taps = s.taps;
    args.k = s.k;
    args.tap_k = problem_.tap_k;
    args.panel_bytes = panel_bytes_;
    args.b = static_cast<const std::byte*>(group_.b) + first_panel * args.panel_bytes;
    if (plan_.unpack != nullptr) {
      const size_t bytes = UnpackedPanelBytes(s);
      for (size_t p = 0; p < last_panel - first_panel; ++p)
        plan_.unpack(static_cast<const std::byte*>(args.b) + p * args.panel_bytes, s.b_k,
                     GroupOf(s.layout), panels_ + p * bytes);
      args.b = panels_;
      args.panel_bytes = bytes;
    }
    args.n = Min(last_panel * kPanelRows, problem_.columns) - column;
    args.bias = problem_.bias == nullptr ? nullptr : problem_.bias + column;
    args.addend_stride = problem_.addend_stride;
    args.alpha = plan_.alpha;
    args.quant = problem_.quant;
    args.lower = plan_.lower;
    args.upper = plan_.upper;
    const Range columns = Columns(first_panel, last_panel);
    const auto* next = static_cast<const std::byte*>(args.b);
    size_t left = 0;  // bytes of the next columns' panels that no tile has fetched yet
    if (plan_.unpack == nullptr && next_panel > first_panel) {
      next += (last_panel - first_panel) * args.panel_bytes;
      left = (next_panel - last_panel) * args.panel_bytes;
    }
    const size_t per_tile = s.taps * s.k * kPrefetchPerK;
    for (size_t t = tiles.begin; t < tiles.end; ++t) {
      const bool fetch = left >= per_tile;
      args.next = fetch ? next : args.b;
      RunTile(args, Rows(t), column, columns.begin, columns.end);
      if (plan_.activate != nullptr && columns.end == columns_.end) Activate(Rows(t));
      next += fetch ? per_tile : 0;
      left -= fetch ? per_tile : 0;
    }
  }

  // Writes columns [begin, end) of a tile whose panels start at `column`.
  void RunTile(MatmulArgs& args, Range rows, size_t column, size_t begin, size_t end) {
    args.rows = rows.end - rows.begin;
    args.a = pointers_ + rows.begin * problem_.size.taps;
    const size_t row = rows_.begin + rows.begin;
    const size_t bytes = SizeOf(problem_.size.c);
    const auto at = [&](size_t stride) { return (row * stride + column) * bytes; };
    args.first_row = group_index_ * problem_.size.m + row;
    args.addend = group_.addend == nullptr
                      ? nullptr
                      : static_cast<const std::byte*>(group_.addend) + at(problem_.addend_stride);
    const bool direct = begin == column && end == column + args.n;
    std::byte* c = static_cast<std::byte*>(group_.c) + at(problem_.c_stride);
    args.c = direct ? c : tile_;
    args.c_stride = direct ? problem_.c_stride : plan_.kernel->nr;
    plan_.kernel->run(args);
    if (direct) return;
    const std::byte* first = tile_ + (begin - column) * bytes;
    for (size_t i = 0; i < args.rows; ++i) {
      std::memcpy(c + (i * problem_.c_stride + begin - column) * bytes,
                  first + i * args.c_stride * bytes, (end - begin) * bytes);
    }
  }

  // Of all columns of the task: short rows cost more.
  void Activate(Range rows) const {
    const size_t n = columns_.end - columns_.begin, count = rows.end - rows.begin;
    auto* y = static_cast<float*>(group_.c) + (rows_.begin + rows.begin) * problem_.c_stride +
              columns_.begin;
    if (n == problem_.c_stride) return plan_.activate(&plan_.activation, y, y, n * count);
    for (size_t i = 0; i < count; ++i, y += problem_.c_stride)
      plan_.activate(&plan_.activation, y, y, n);
  }

  const GemmPlan& plan_;
  const GemmProblem& problem_;
  size_t group_index_;
  GemmGroup group_{};
  Range rows_, columns_{};
  size_t tiles_;
  Split tile_rows_;  // rows of each tile
  size_t panel_bytes_;
  const void** pointers_;
  std::byte* patch_;
  std::byte* panels_;
  std::byte* tile_;
};

// Rows of part `i` of a group, whole tiles of its share.
Range RowsOfPart(const GemmPlan& plan, size_t m, size_t i) {
  const Range share = Split(m, plan.row_shares)[i / plan.row_blocks];
  const size_t height = share.end - share.begin, tiles = CeilDiv(height, plan.kernel->mr);
  const Range mine = Split(tiles, plan.row_blocks)[i % plan.row_blocks];
  const Split rows(height, tiles);
  return {share.begin + rows.Begin(mine.begin), share.begin + rows.Begin(mine.end)};
}

}  // namespace

void RunGemm(const GemmPlan& plan, const GemmProblem& problem, std::byte* scratch,
             const ThreadPool& threads) {
  const GemmSize& s = problem.size;
  if (s.m == 0 || s.n == 0) return;
  const size_t rows = size_t{plan.row_shares} * plan.row_blocks, parts = plan.column_parts;
  const size_t count = s.groups * rows * parts;
  threads.ForEach(count, [&](size_t task, size_t thread) {
    const size_t group = task / (rows * parts), i = task % (rows * parts);
    const size_t row = plan.rows_first ? i % rows : i / parts;
    const size_t part = plan.rows_first ? i / rows : i % parts;
    const bool more = row + 1 == rows && threads.IsOwn(count, task + 1, thread);
    Block(plan, problem, group, RowsOfPart(plan, s.m, row), scratch + thread * plan.thread_scratch)
        .Run(part, plan.rows_first && more);
  });
}

}  // namespace pare
