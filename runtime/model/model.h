// Model: an opened .pare file. Verified once, copied never.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/span.h"
#include "runtime/core/status.h"
#include "runtime/core/tensor.h"

namespace pare {

namespace fb {
struct Model;
struct Graph;
struct Node;
struct Weight;
}  // namespace fb

// The 64 bytes at the start of a file; FORMAT.md documents each. Little-endian.
struct FileHeader {
  char magic[8];               // "PARE\r\n\x1a\n"
  uint32_t version;            // kFormatVersion
  uint32_t metadata_checksum;  // CRC-32C of the metadata
  uint64_t metadata_offset, metadata_bytes;
  uint64_t weights_offset, weights_bytes;
  uint64_t file_bytes;
  uint8_t reserved[8];  // zero
};
static_assert(sizeof(FileHeader) == 64);
inline constexpr char kFileMagic[8] = {'P', 'A', 'R', 'E', '\r', '\n', '\x1a', '\n'};
inline constexpr uint32_t kFormatVersion = 1;
inline constexpr uint64_t kWeightsAlignment = 16384;  // of the weight segment within the file

// CRC-32C (Castagnoli) of `bytes` bytes, continuing from `crc` (0 to start).
uint32_t Crc32c(const void* data, size_t bytes, uint32_t crc = 0);

// Immutable and thread-safe after Open; a few pointers, cheap to move. Everything it returns lives
// as long as the file's bytes.
class Model {
 public:
  // Checks every byte of the metadata and every number in it that anything later trusts. `file`
  // must be aligned to 64 bytes and outlive the Model, its sessions and every pointer taken from
  // them. kCorrupt, kUnsupported (newer format, unknown operator).
  static Result<Model> Open(Span<const std::byte> file);

  // A model whose metadata is not in a file, for the converter: weight i of the metadata has its
  // payload at weights[i] (its offset field is ignored). Both arrays and the payloads must outlive
  // the Model.
  static Result<Model> FromParts(Span<const std::byte> metadata, Span<const void* const> weights);

  const fb::Model& metadata() const { return *metadata_; }
  const fb::Graph& graph(uint32_t i) const;
  uint32_t graph_count() const;
  // Payload of weight i: 64-byte aligned. Reading it may page the file in.
  const void* WeightData(uint32_t i) const;
  // Bytes of the asset, or an empty span where i has none.
  Span<const std::byte> AssetData(uint32_t i) const;
  // Graph of the entry point `name`; null or "": the first entry.
  Result<uint32_t> FindEntry(const char* name) const;
  // kCorrupt where the payload of weight i does not match its checksum.
  Status VerifyWeight(uint32_t i) const;

 private:
  Model() = default;
  const fb::Model* metadata_ = nullptr;
  Span<const std::byte> segment_;  // the weight segment of a file
  Span<const void* const> parts_;  // or one pointer a weight
};

// Writes "file.pare: node 12 'conv1' (Conv): reason" into buffer (always terminated); returns the
// length that it would need. `model` and `file` may be null. Allocates nothing.
size_t DescribeStatus(Status status, const Model* model, const char* file, char* buffer,
                      size_t capacity);

}  // namespace pare
