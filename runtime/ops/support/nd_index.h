// The rows of GatherNd and ScatterNd: each holds the first coordinates of a slice of the data.
#pragma once

#include "runtime/ops/op.h"

namespace pare {

struct NdIndex {
  int64_t rows = 0;            // slices to address
  int64_t width = 0;           // coordinates a row
  int64_t slice = 0;           // elements a slice
  int64_t batches = 1;         // rows are split evenly over them
  int64_t batch_elements = 0;  // of the data
};

// Of infer: fits `indices` to `data` after `batch_dims` common dimensions.
Status CheckNdIndex(const Tensor& data, const Tensor& indices, int64_t batch_dims);
// Of run.
NdIndex MakeNdIndex(const Tensor& data, const Tensor& indices, int64_t batch_dims);
// First element of the slice that row `row` addresses. kInvalidArgument where a coordinate is
// outside of its dimension.
Status ResolveRow(const Tensor& data, const Tensor& indices, const NdIndex& index,
                  int64_t batch_dims, int64_t row, int64_t* element);

}  // namespace pare
