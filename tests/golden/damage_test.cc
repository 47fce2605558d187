// Truncated and bit-flipped files are refused or give other numbers; they never crash. Under
// AddressSanitizer the file and the arena are exactly as long as they may be.
#include <gtest/gtest.h>

#include <random>

#include "converter/convert.h"
#include "tests/support/model_file.h"
#include "tests/support/tiny_encoder.h"

namespace pare {
namespace {

constexpr uint64_t kMostMemory = 64 << 20;

const std::string& GoodFile() {
  static const std::string file =
      testing::ReadWholeFile(PARE_SOURCE_DIR "/tests/golden/model_v1.pare");
  return file;
}

Status Try(const std::string& file) {
  SessionConfig config;
  config.max_trips = 16;
  return testing::OpenAndRun(file, config, kMostMemory);
}

uint64_t MetadataEnd() {
  FileHeader h;
  std::memcpy(&h, GoodFile().data(), sizeof h);
  return h.metadata_offset + h.metadata_bytes;
}

TEST(Damage, TheGoodFileRuns) {
  const Status status = Try(GoodFile());
  EXPECT_TRUE(status.ok()) << status.what;
}

TEST(Damage, EveryTruncationIsRefused) {
  const std::string& good = GoodFile();
  for (size_t length = 0; length < good.size(); ++length) {
    // Every byte of header and metadata, then every boundary of 64 and its neighbours.
    if (length > MetadataEnd() && (length + 1) % 64 > 2) continue;
    const std::string cut = good.substr(0, length);
    EXPECT_FALSE(Try(cut).ok()) << length;
  }
}

// The same with a header that agrees with the shorter length.
TEST(Damage, TruncationsThatTheHeaderOwnsUpTo) {
  const std::string& good = GoodFile();
  for (size_t length = sizeof(FileHeader); length < good.size(); ++length) {
    if (length > MetadataEnd() && (length + 1) % 64 > 2) continue;
    std::string cut = good.substr(0, length);
    FileHeader h;
    std::memcpy(&h, cut.data(), sizeof h);
    h.file_bytes = length;
    if (h.weights_offset > length) h.weights_offset = length / 64 * 64;
    h.weights_bytes = length - h.weights_offset;
    if (h.metadata_offset + h.metadata_bytes > length)
      h.metadata_bytes = length - h.metadata_offset;
    std::memcpy(cut.data(), &h, sizeof h);
    testing::RepairChecksum(&cut);
    (void)Try(cut);
  }
}

TEST(Damage, FlippedBitsOfTheMetadataAreNoticed) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string bad = GoodFile();
    const size_t at = sizeof(FileHeader) + random() % (MetadataEnd() - sizeof(FileHeader));
    bad[at] ^= static_cast<char>(1 << (random() % 8));
    EXPECT_EQ(Try(bad).code, Code::kCorrupt);
  }
}

// Behind a right checksum every number of the metadata may be anything.
TEST(Damage, FlippedBitsBehindARightChecksumDoNotCrash) {
  std::mt19937 random(2);
  int ran = 0;
  for (int round = 0; round < 6000; ++round) {
    std::string bad = GoodFile();
    for (int flips = 1 + static_cast<int>(random() % 3); flips > 0; --flips)
      bad[random() % MetadataEnd()] ^= static_cast<char>(1 << (random() % 8));
    testing::RepairChecksum(&bad);
    if (Try(bad).ok()) ++ran;
  }
  EXPECT_GT(ran, 0);
}

// The same for a transformer, converted with every pass: packed weights, attention, look-ups.
TEST(Damage, FlippedBitsOfAnEncoderDoNotCrash) {
  const testing::TempFolder folder;
  testing::TinyEncoder("bert").WriteTo(folder);
  testing::TinyEncoder::WritePooling(folder, "mean_tokens");
  converter::ConvertOptions options;
  options.import.dims = {{"batch", 1, 2}};
  const std::string path = (folder.path() / "m.pare").string();
  const auto report = converter::Convert(folder.path(), path, options);
  ASSERT_TRUE(report.ok()) << report.status().message;
  const std::string good = testing::ReadWholeFile(path);
  ASSERT_TRUE(Try(good).ok());
  FileHeader h;
  std::memcpy(&h, good.data(), sizeof h);
  std::mt19937 random(5);
  for (int round = 0; round < 2000; ++round) {
    std::string bad = good;
    for (int flips = 1 + static_cast<int>(random() % 3); flips > 0; --flips)
      bad[random() % (sizeof h + h.metadata_bytes)] ^= static_cast<char>(1 << (random() % 8));
    testing::RepairChecksum(&bad);
    (void)Try(bad);
  }
}

// Aligned 32-bit numbers of the metadata replaced by ones that overflow.
TEST(Damage, AbsurdNumbersDoNotCrash) {
  std::mt19937 random(3);
  constexpr uint32_t kAbsurd[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x40000000, 65536};
  for (uint64_t at = sizeof(FileHeader); at + 4 <= MetadataEnd(); at += 4) {
    for (const uint32_t value : kAbsurd) {
      std::string bad = GoodFile();
      std::memcpy(bad.data() + at, &value, sizeof value);
      testing::RepairChecksum(&bad);
      (void)Try(bad);
    }
  }
}

TEST(Damage, WeightsMayBeAnyBytes) {
  std::mt19937 random(4);
  for (int round = 0; round < 50; ++round) {
    std::string bad = GoodFile();
    for (size_t i = static_cast<size_t>(MetadataEnd()); i < bad.size(); ++i)
      bad[i] = static_cast<char>(random());
    const Status status = Try(bad);
    EXPECT_TRUE(status.ok()) << status.what;
  }
}

}  // namespace
}  // namespace pare
