#include "runtime/model/model.h"

#include <array>
#include <cstdio>
#include <cstring>

#include "model_generated.h"
#include "runtime/core/arena.h"
#include "runtime/model/verify.h"
#include "runtime/ops/op.h"

namespace pare {
namespace {

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table[i] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

Status CheckHeader(const FileHeader& h, uint64_t size) {
  if (std::memcmp(h.magic, kFileMagic, sizeof kFileMagic) != 0) {
    return Error(Code::kCorrupt, "not a .pare file (or damaged by a text-mode transfer)");
  }
  if (h.version == 0 || h.version > kFormatVersion) {
    return Error(Code::kUnsupported,
                 "the file's format is newer than this runtime: update the runtime");
  }
  if (h.file_bytes != size)
    return Error(Code::kCorrupt, "the file is truncated or has trailing bytes: copy it again");
  const bool metadata_fits = h.metadata_offset >= sizeof(FileHeader) &&
                             h.metadata_offset % kAlignment == 0 && h.metadata_offset <= size &&
                             h.metadata_bytes <= size - h.metadata_offset;
  const bool weights_fit = h.weights_offset % kAlignment == 0 && h.weights_offset <= size &&
                           h.weights_bytes <= size - h.weights_offset;
  if (!metadata_fits || !weights_fit)
    return Error(Code::kCorrupt, "a segment lies outside the file");
  return Ok();
}

Result<const fb::Model*> OpenMetadata(Span<const std::byte> bytes) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data);
  constexpr size_t kMaxMetadata = FLATBUFFERS_MAX_BUFFER_SIZE;
  if (bytes.size < 16 || bytes.size >= kMaxMetadata)
    return Error(Code::kCorrupt, "the metadata has no sensible size");
  flatbuffers::Verifier verifier(data, bytes.size, /*max_depth=*/32, /*max_tables=*/4000000);
  if (!fb::VerifyModelBuffer(verifier)) return Error(Code::kCorrupt, "the metadata is damaged");
  return fb::GetModel(data);
}

}  // namespace

uint32_t Crc32c(const void* data, size_t bytes, uint32_t crc) {
  const auto* p = static_cast<const uint8_t*>(data);
  crc = ~crc;
  for (size_t i = 0; i < bytes; ++i) crc = (crc >> 8) ^ kCrcTable[(crc ^ p[i]) & 0xff];
  return ~crc;
}

Result<Model> Model::Open(Span<const std::byte> file) {
  if (file.size < sizeof(FileHeader)) return Error(Code::kCorrupt, "too short to be a .pare file");
  if (reinterpret_cast<uintptr_t>(file.data) % kAlignment != 0) {
    return Error(Code::kInvalidArgument, "the file's bytes must be aligned to 64 bytes in memory");
  }
  FileHeader header;
  std::memcpy(&header, file.data, sizeof header);
  PARE_TRY(CheckHeader(header, file.size));
  const std::byte* metadata = file.data + header.metadata_offset;
  if (Crc32c(metadata, static_cast<size_t>(header.metadata_bytes)) != header.metadata_checksum) {
    return Error(Code::kCorrupt, "the metadata's checksum is wrong: the file is damaged");
  }
  Model model;
  model.metadata_ = PARE_TRY(OpenMetadata({metadata, static_cast<size_t>(header.metadata_bytes)}));
  model.segment_ = {file.data + header.weights_offset, static_cast<size_t>(header.weights_bytes)};
  PARE_TRY(VerifyMeaning(*model.metadata_, header.weights_bytes));
  return model;
}

Result<Model> Model::FromParts(Span<const std::byte> metadata, Span<const void* const> weights) {
  Model model;
  model.metadata_ = PARE_TRY(OpenMetadata(metadata));
  model.parts_ = weights;
  PARE_TRY(VerifyMeaning(*model.metadata_, kNoSegment));
  return model;
}

const fb::Graph& Model::graph(uint32_t i) const { return *metadata_->graphs()->Get(i); }

uint32_t Model::graph_count() const { return metadata_->graphs()->size(); }

const void* Model::WeightData(uint32_t i) const {
  if (parts_.data != nullptr) return parts_[i];
  return segment_.data + metadata_->weights()->Get(i)->offset();
}

Span<const std::byte> Model::AssetData(uint32_t i) const {
  if (metadata_->assets() == nullptr || i >= metadata_->assets()->size() ||
      segment_.data == nullptr)
    return {};
  const fb::Asset& asset = *metadata_->assets()->Get(i);
  return {segment_.data + asset.offset(), static_cast<size_t>(asset.bytes())};
}

Result<uint32_t> Model::FindEntry(const char* name) const {
  const auto* entries = metadata_->entries();
  if (name == nullptr || *name == '\0') return static_cast<uint32_t>(entries->Get(0)->graph());
  for (const fb::Entry* entry : *entries) {
    if (entry->name() != nullptr && std::strcmp(entry->name()->c_str(), name) == 0) {
      return static_cast<uint32_t>(entry->graph());
    }
  }
  return Error(Code::kNotFound,
               "the model has no entry point of that name; `pare inspect` lists them");
}

Status Model::VerifyWeight(uint32_t i) const {
  const fb::Weight& weight = *metadata_->weights()->Get(i);
  if (Crc32c(WeightData(i), static_cast<size_t>(weight.bytes())) != weight.checksum()) {
    return Error(Code::kCorrupt, "a weight's checksum is wrong: the file is damaged");
  }
  return Ok();
}

size_t DescribeStatus(Status status, const Model* model, const char* file, char* buffer,
                      size_t capacity) {
  const char* name = "";
  const char* op = "?";
  const bool in_model = model != nullptr && status.node >= 0 &&
                        static_cast<uint32_t>(status.graph) < model->graph_count() &&
                        static_cast<uint32_t>(status.node) <
                            model->graph(static_cast<uint32_t>(status.graph)).nodes()->size();
  if (in_model) {
    const fb::Node& node = *model->graph(static_cast<uint32_t>(status.graph))
                                .nodes()
                                ->Get(static_cast<uint32_t>(status.node));
    if (node.name() != nullptr) name = node.name()->c_str();
    op = OpName(static_cast<uint8_t>(node.op_type()));
  }
  const char* prefix = file == nullptr ? "" : file;
  const char* colon = file == nullptr ? "" : ": ";
  const auto node = static_cast<int>(status.node);
  int length;
  if (node < 0) {
    length = std::snprintf(buffer, capacity, "%s%s%s", prefix, colon, status.what);
  } else if (!in_model) {
    length = std::snprintf(buffer, capacity, "%s%snode %d: %s", prefix, colon, node, status.what);
  } else {
    length = std::snprintf(buffer, capacity, "%s%snode %d '%s' (%s): %s", prefix, colon, node, name,
                           op, status.what);
  }
  return length < 0 ? 0 : static_cast<size_t>(length);
}

}  // namespace pare
