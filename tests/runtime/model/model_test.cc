#include "runtime/model/model.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "model_generated.h"
#include "runtime/core/arena.h"

namespace pare {
namespace {

// A file in memory, 64-byte aligned.
class FileBytes {
 public:
  FileBytes(const fb::ModelT& model, size_t weight_bytes) {
    flatbuffers::FlatBufferBuilder builder;
    fb::FinishModelBuffer(builder, fb::Model::Pack(builder, &model));
    FileHeader header{};
    std::memcpy(header.magic, kFileMagic, sizeof header.magic);
    header.version = kFormatVersion;
    header.metadata_offset = sizeof header;
    header.metadata_bytes = builder.GetSize();
    header.metadata_checksum = Crc32c(builder.GetBufferPointer(), builder.GetSize());
    header.weights_offset = AlignUp(sizeof header + builder.GetSize());
    header.weights_bytes = weight_bytes;
    header.file_bytes = header.weights_offset + weight_bytes;
    storage_.resize(header.file_bytes + 64);
    const size_t misaligned = reinterpret_cast<uintptr_t>(storage_.data()) % 64;
    data_ = storage_.data() + (64 - misaligned) % 64;
    size_ = header.file_bytes;
    std::memcpy(data_, &header, sizeof header);
    std::memcpy(data_ + header.metadata_offset, builder.GetBufferPointer(), builder.GetSize());
  }
  FileHeader& header() { return *reinterpret_cast<FileHeader*>(data_); }
  Status Open() const { return Model::Open({data_, size_}).status(); }
  std::byte* data() { return data_; }
  size_t& size() { return size_; }

 private:
  std::vector<std::byte> storage_;
  std::byte* data_;
  size_t size_;
};

fb::ModelT EmptyModel() {
  fb::ModelT model;
  auto graph = std::make_unique<fb::GraphT>();
  auto value = std::make_unique<fb::ValueT>();
  value->name = "x";
  graph->values.push_back(std::move(value));
  graph->inputs = {0};
  graph->outputs = {0};
  model.graphs.push_back(std::move(graph));
  model.entries.push_back(std::make_unique<fb::EntryT>());
  auto weight = std::make_unique<fb::WeightT>();
  weight->shape = {2, 3};
  weight->bytes = 24;
  model.weights.push_back(std::move(weight));
  return model;
}

TEST(Crc32c, IsTheKnownPolynomial) {
  EXPECT_EQ(Crc32c("123456789", 9), 0xe3069283u);
  EXPECT_EQ(Crc32c("6789", 4, Crc32c("12345", 5)), 0xe3069283u);
}

TEST(ModelOpen, TakesASoundFile) {
  FileBytes file(EmptyModel(), 64);
  EXPECT_TRUE(file.Open().ok()) << file.Open().what;
}

TEST(ModelOpen, RefusesDamagedHeaders) {
  const auto damaged = [](auto damage) {
    FileBytes file(EmptyModel(), 64);
    damage(file);
    return file.Open().code;
  };
  EXPECT_EQ(damaged([](FileBytes& f) { f.header().magic[1] = 'X'; }), Code::kCorrupt);
  EXPECT_EQ(damaged([](FileBytes& f) { f.header().version = 2; }), Code::kUnsupported);
  EXPECT_EQ(damaged([](FileBytes& f) { f.header().version = 0; }), Code::kUnsupported);
  EXPECT_EQ(damaged([](FileBytes& f) { f.size() -= 1; }), Code::kCorrupt);
  EXPECT_EQ(damaged([](FileBytes& f) { f.size() = 10; }), Code::kCorrupt);
  EXPECT_EQ(damaged([](FileBytes& f) { f.header().metadata_offset = ~uint64_t{63}; }),
            Code::kCorrupt);
  EXPECT_EQ(damaged([](FileBytes& f) { f.header().metadata_bytes = 1; }), Code::kCorrupt);
  EXPECT_EQ(damaged([](FileBytes& f) { f.header().weights_bytes = UINT64_MAX; }), Code::kCorrupt);
  EXPECT_EQ(damaged([](FileBytes& f) { f.data()[100] ^= std::byte{1}; }), Code::kCorrupt);
}

// Whatever the metadata say must be checked even where the checksum is right.
Code OpenChanged(void (*change)(fb::ModelT&)) {
  fb::ModelT model = EmptyModel();
  change(model);
  return FileBytes(model, 64).Open().code;
}

TEST(ModelOpen, RefusesMeaninglessMetadata) {
  EXPECT_EQ(OpenChanged([](fb::ModelT& m) { m.graphs.clear(); }), Code::kCorrupt);
  EXPECT_EQ(OpenChanged([](fb::ModelT& m) { m.entries[0]->graph = 1; }), Code::kCorrupt);
  EXPECT_EQ(OpenChanged([](fb::ModelT& m) { m.graphs[0]->inputs = {5}; }), Code::kCorrupt);
  EXPECT_EQ(OpenChanged([](fb::ModelT& m) { m.graphs[0]->outputs = {-1}; }), Code::kCorrupt);
  EXPECT_EQ(OpenChanged([](fb::ModelT& m) { m.graphs[0]->values[0]->weight = 1; }), Code::kCorrupt);
  EXPECT_EQ(OpenChanged([](fb::ModelT& m) { m.weights[0]->bytes = 25; }), Code::kCorrupt);
  EXPECT_EQ(OpenChanged([](fb::ModelT& m) { m.weights[0]->offset = 64; }), Code::kCorrupt);
  EXPECT_EQ(OpenChanged([](fb::ModelT& m) { m.weights[0]->offset = 8; }), Code::kCorrupt);
  EXPECT_EQ(OpenChanged([](fb::ModelT& m) { m.weights[0]->shape = {-1, 3}; }), Code::kCorrupt);
  EXPECT_EQ(OpenChanged([](fb::ModelT& m) { m.weights[0]->dtype = static_cast<fb::DType>(99); }),
            Code::kUnsupported);
  EXPECT_EQ(OpenChanged([](fb::ModelT& m) { m.weights[0]->layout = static_cast<fb::Layout>(99); }),
            Code::kUnsupported);
  EXPECT_EQ(OpenChanged(
                [](fb::ModelT& m) { m.graphs[0]->nodes.push_back(std::make_unique<fb::NodeT>()); }),
            Code::kCorrupt);
}

TEST(DescribeStatus, NamesFileNodeAndOperator) {
  char text[64];
  Status status = Error(Code::kShape, "reason");
  EXPECT_EQ(DescribeStatus(status, nullptr, "m.pare", text, sizeof text), 14u);
  EXPECT_STREQ(text, "m.pare: reason");
  status.node = 3;
  (void)DescribeStatus(status, nullptr, nullptr, text, sizeof text);
  EXPECT_STREQ(text, "node 3: reason");
  char small[8];
  EXPECT_GT(DescribeStatus(status, nullptr, "m.pare", small, sizeof small), sizeof small);
  EXPECT_EQ(std::strlen(small), 7u);
}

}  // namespace
}  // namespace pare
