#include "runtime/ops/support/nd_index.h"

#include "runtime/ops/support/arguments.h"

namespace pare {

Status CheckNdIndex(const Tensor& data, const Tensor& indices, int64_t batch_dims) {
  PARE_TRY(CheckIndexType(indices));
  if (data.layout != Layout::kPlain) return ShapeError("cannot read slices of a packed weight");
  const int rank = indices.shape.rank;
  if (rank < 1 || data.shape.rank < 1) return ShapeError("data and indices need a dimension");
  if (batch_dims < 0 || batch_dims >= rank || batch_dims > data.shape.rank) {
    return ShapeError("batch_dims is outside the rank of the indices");
  }
  for (int i = 0; i < batch_dims; ++i) {
    if (indices.shape[i] != data.shape[i]) return ShapeError("the batch dimensions differ");
  }
  if (indices.shape[rank - 1] > data.shape.rank - batch_dims) {
    return ShapeError("a row of indices is longer than the rank of the data");
  }
  return Ok();
}

NdIndex MakeNdIndex(const Tensor& data, const Tensor& indices, int64_t batch_dims) {
  const int last = indices.shape.rank - 1, batch = static_cast<int>(batch_dims);
  NdIndex index;
  index.width = indices.shape[last];
  index.rows = indices.shape.Elements(0, last);
  index.batches = data.shape.Elements(0, batch);
  index.batch_elements = data.shape.Elements(batch, data.shape.rank);
  index.slice = data.shape.Elements(batch + static_cast<int>(index.width), data.shape.rank);
  return index;
}

Status ResolveRow(const Tensor& data, const Tensor& indices, const NdIndex& index,
                  int64_t batch_dims, int64_t row, int64_t* element) {
  const Indices values(indices);
  const int64_t rows_per_batch = index.rows / index.batches;
  int64_t at = 0;
  for (int64_t i = 0; i < index.width; ++i) {
    const int64_t size = data.shape[static_cast<int>(batch_dims + i)];
    int64_t v = values[row * index.width + i];
    if (v < 0) v += size;
    if (v < 0 || v >= size) {
      return Error(Code::kInvalidArgument, "an index is outside the dimension that it addresses");
    }
    at = at * size + v;
  }
  *element = row / rows_per_batch * index.batch_elements + at * index.slice;
  return Ok();
}

}  // namespace pare
