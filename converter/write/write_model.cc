#include "converter/write/write_model.h"

#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "converter/write/metadata.h"
#include "runtime/core/arena.h"
#include "runtime/model/model.h"

namespace pare::converter {
namespace {

constexpr uint64_t kReadableTail = 16;  // after the last payload, for loads of whole registers

// Payloads in the order of their offsets within the weight segment.
struct Segment {
  struct Piece {
    const Bytes* bytes;
    uint64_t offset;
  };
  std::vector<Piece> pieces;
  std::vector<Placement> weights, assets;
  uint64_t size = 0;

  // The place of these bytes: that of an equal payload, or a new one at the end.
  Placement Place(const Bytes& bytes) {
    Placement place;
    place.checksum = Crc32c(bytes.data, bytes.size);
    auto& equals = by_content_[{place.checksum, bytes.size}];
    for (const size_t i : equals) {
      const Piece& other = pieces[i];
      if (bytes.size == 0 || std::memcmp(other.bytes->data, bytes.data, bytes.size) == 0) {
        place.offset = other.offset;
        return place;
      }
    }
    place.offset = AlignUp(size);
    equals.push_back(pieces.size());
    pieces.push_back({&bytes, place.offset});
    size = place.offset + bytes.size;
    return place;
  }

 private:
  std::map<std::pair<uint32_t, size_t>, std::vector<size_t>> by_content_;
};

Segment PlacePayloads(const Graph& graph) {
  Segment segment;
  for (const Weight* weight : ListWeights(graph))
    segment.weights.push_back(segment.Place(weight->bytes));
  for (const Graph::Asset& asset : graph.assets)
    segment.assets.push_back(segment.Place(asset.bytes));
  segment.size = AlignUp(segment.size + kReadableTail);
  return segment;
}

FileHeader MakeHeader(const flatbuffers::DetachedBuffer& metadata, const Segment& segment) {
  FileHeader header = {};
  std::memcpy(header.magic, kFileMagic, sizeof kFileMagic);
  header.version = kFormatVersion;
  header.metadata_checksum = Crc32c(metadata.data(), metadata.size());
  header.metadata_offset = sizeof(FileHeader);
  header.metadata_bytes = metadata.size();
  header.weights_offset = AlignUp(sizeof(FileHeader) + metadata.size(), kWeightsAlignment);
  header.weights_bytes = segment.size;
  header.file_bytes = header.weights_offset + header.weights_bytes;
  return header;
}

}  // namespace

Status WriteModel(const Graph& graph, ByteSink& sink, const WriteOptions& options) {
  const Segment segment = PlacePayloads(graph);
  MetadataOptions places;
  places.weights = segment.weights;
  places.assets = segment.assets;
  const Metadata metadata = BuildMetadata(graph, places);
  const FileHeader header = MakeHeader(metadata.bytes, segment);
  PARE_TRY(sink.Write(&header, sizeof header));
  PARE_TRY(sink.Write(metadata.bytes.data(), metadata.bytes.size()));
  PARE_TRY(sink.PadTo(kWeightsAlignment));
  for (const Segment::Piece& piece : segment.pieces) {
    PARE_TRY(sink.PadTo(kAlignment));
    PARE_TRY(sink.Write(piece.bytes->data, piece.bytes->size));
    if (options.progress) options.progress(piece.offset + piece.bytes->size, segment.size);
  }
  static constexpr std::byte kTail[kReadableTail] = {};
  PARE_TRY(sink.Write(kTail, sizeof kTail));
  PARE_TRY(sink.PadTo(kAlignment));
  if (sink.position() != header.file_bytes)
    return Error(Code::kInternal, "the file is not as long as its header says");
  return Ok();
}

}  // namespace pare::converter
