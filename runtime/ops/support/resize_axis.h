// Where the positions of a resized axis come from.
#pragma once

#include "runtime/kernels/resize/resize.h"
#include "runtime/ops/op.h"

namespace pare {

namespace fb {
struct Resize;
}

struct ResizeAxis {
  int64_t in = 1, out = 1;
  double scale = 1;           // out / in, or as given: then out is rounded down
  double begin = 0, end = 1;  // region of interest, TfCropAndResize
};

// Sizes of every dimension. `running`: values of inputs are there.
Status ReadResize(const NodeView& node, bool running, ResizeAxis* axes);

// True where the axis is passed through unchanged.
bool IsUnchanged(const fb::Resize& attributes, const ResizeAxis& axis);

// Positions [0, axis.out).
void FillPositions(const fb::Resize& attributes, const ResizeAxis& axis, ResizeTap* positions);

}  // namespace pare
