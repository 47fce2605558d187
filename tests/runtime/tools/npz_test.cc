#include "runtime/tools/npz.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <random>

#include "runtime/tools/npy.h"
#include "runtime/tools/zip.h"

namespace pare::tools {
namespace {

// numpy.savez_compressed(a=float32 0..5 as [2,3], b=int16 0..5 as [2,3] in Fortran order).
constexpr char kCompressed[] =
    "504b03042d0000000800000021004fe9002affffffffffffffff05001400612e6e7079010010009800000000"
    "00000055000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f5452"
    "9498179f5f94920a12774bcc294e058a17672416a402f91a463a0ac69a3a0ab50a64032e063068b007120e40"
    "04c40d40bcc00100504b03042d00000008000000210068c6180fffffffffffffffff05001400622e6e707901"
    "0010008c0000000000000051000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369a4"
    "aea3a09e965f54529498179f5f94920a120f292a4d050a17672416a402b91a463a0ac69a3a0ab50ae4032e06"
    "066606460616062606560600504b01022d032d0000000800000021004fe9002a550000009800000005000000"
    "0000000000000000800100000000612e6e7079504b01022d032d00000008000000210068c6180f510000008c"
    "00000005000000000000000000000080018c000000622e6e7079504b05060000000002000200660000001401"
    "00000000";

std::vector<std::byte> FromHex(const char* hex) {
  std::vector<std::byte> bytes;
  for (; *hex != 0; hex += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(hex, 2), nullptr, 16)));
  return bytes;
}

std::string TempPath(
    const char* name) {  // The process id keeps tests that run at the same time apart.
  return testing::TempDir() + std::to_string(getpid()) + "_" + name;
}

void Write(const std::string& path, const std::vector<std::byte>& bytes) {
  std::FILE* f = std::fopen(path.c_str(), "wb");
  ASSERT_NE(f, nullptr);
  ASSERT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), f), bytes.size());
  std::fclose(f);
}

template <class T>
Array Make(const std::string& name, std::initializer_list<int64_t> dims, std::vector<T> values) {
  Array array;
  array.name = name;
  array.dtype = kDTypeOf<T>;
  for (int64_t d : dims) EXPECT_TRUE(array.shape.Push(d));
  array.data.resize(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(array.data.data(), values.data(), array.data.size());
  return array;
}

template <class T>
std::vector<T> Values(const Array& array) {
  std::vector<T> values(array.data.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), array.data.data(), array.data.size());
  return values;
}

std::vector<std::byte> NpyWithHeader(const std::string& header, size_t payload, int version = 1) {
  std::vector<std::byte> file(version == 1 ? 10 : 12);
  std::memcpy(file.data(), "\x93NUMPY", 6);
  file[6] = static_cast<std::byte>(version);
  file[8] = static_cast<std::byte>(header.size());
  for (char c : header) file.push_back(static_cast<std::byte>(c));
  file.resize(file.size() + payload);
  return file;
}

ToolResult Parse(const std::vector<std::byte>& file, Array* array) {
  return ParseNpy({file.data(), file.size()}, array);
}

TEST(Npz, ReadsWhatNumpyCompressed) {
  const std::string path = TempPath("compressed.npz");
  Write(path, FromHex(kCompressed));
  std::vector<Array> arrays;
  const ToolResult r = ReadArrays(path, &arrays);
  ASSERT_TRUE(r.ok()) << r.error;
  ASSERT_EQ(arrays.size(), 2u);
  const Array* a = FindArray(arrays, "a");
  const Array* b = FindArray(arrays, "b");
  ASSERT_NE(a, nullptr);
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(a->dtype, DType::kF32);
  EXPECT_EQ(Values<float>(*a), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(b->shape[1], 3);
  EXPECT_EQ(Values<int16_t>(*b), (std::vector<int16_t>{0, 1, 2, 3, 4, 5}));
}

TEST(Npz, RoundTrip) {
  const std::string path = TempPath("round.npz");
  std::vector<Array> arrays;
  arrays.push_back(Make<float>("/conv/out", {2, 2}, {1, -2, 3, 4.5f}));
  arrays.push_back(Make<int64_t>("scalar", {}, {-7}));
  arrays.push_back(Make<uint8_t>("empty", {3, 0}, {}));
  arrays.push_back(Make<double>("one", {1}, {2.5}));
  ASSERT_TRUE(WriteNpz(path, arrays).ok());
  std::vector<Array> back;
  const ToolResult r = ReadArrays(path, &back);
  ASSERT_TRUE(r.ok()) << r.error;
  ASSERT_EQ(back.size(), arrays.size());
  for (size_t i = 0; i < arrays.size(); ++i) {
    EXPECT_EQ(back[i].name, arrays[i].name);
    EXPECT_EQ(back[i].dtype, arrays[i].dtype);
    EXPECT_TRUE(back[i].shape == arrays[i].shape);
    EXPECT_EQ(back[i].data, arrays[i].data);
  }
}

TEST(Npz, NpyTakesItsNameFromTheFile) {
  const std::string path = TempPath("pixels.npy");
  ASSERT_TRUE(WriteNpy(path, Make<int32_t>("other", {2}, {5, 6})).ok());
  std::vector<Array> arrays;
  ASSERT_TRUE(ReadArrays(path, &arrays).ok());
  EXPECT_EQ(arrays[0].name, std::to_string(getpid()) + "_pixels");
  EXPECT_EQ(Values<int32_t>(arrays[0]), (std::vector<int32_t>{5, 6}));
}

TEST(Npz, Bfloat16IsWidened) {
  Array array = Make<uint16_t>("x", {2}, {0x3f80, 0xc000});
  array.dtype = DType::kBF16;
  Array back;
  ASSERT_TRUE(Parse(FormatNpy(array), &back).ok());
  EXPECT_EQ(back.dtype, DType::kF32);
  EXPECT_EQ(Values<float>(back), (std::vector<float>{1, -2}));
}

TEST(Npz, HeaderVersionsAndSpellings) {
  Array a;
  EXPECT_TRUE(
      Parse(NpyWithHeader("{'descr':'<f4','fortran_order':False,'shape':(2,)}", 8, 2), &a).ok());
  EXPECT_TRUE(
      Parse(NpyWithHeader("{\"shape\": (2L,), \"descr\": \"|b1\", \"fortran_order\": False}", 2, 3),
            &a)
          .ok());
  EXPECT_EQ(a.dtype, DType::kBool);
}

TEST(Npz, RefusesWithAReason) {
  Array a;
  const auto error = [&](const char* header, size_t payload) {
    return Parse(NpyWithHeader(header, payload), &a).error;
  };
  EXPECT_NE(error("{'descr':'>f4','fortran_order':False,'shape':(2,)}", 8).find("big-endian"),
            std::string::npos);
  EXPECT_NE(error("{'descr':'<c8','fortran_order':False,'shape':(2,)}", 16).find("'c8'"),
            std::string::npos);
  EXPECT_NE(error("{'descr':'<f4','fortran_order':False,'shape':(2,)}", 7).find("ends before"),
            std::string::npos);
  EXPECT_NE(error("{'descr':'<f4','fortran_order':False,'shape':(4611686018427387904,4)}", 8), "");
  EXPECT_NE(error("{'descr':'<f4','fortran_order':False,'shape':(-1,)}", 8), "");
  EXPECT_NE(error("{'descr':'<f4','fortran_order':False,'shape':(1,1,1,1,1,1,1,1,1)}", 8), "");
  EXPECT_NE(error("{'descr':[('a','<f4')],'fortran_order':False,'shape':(1,)}", 8), "");
  EXPECT_NE(error("{'descr':'<f4','shape':(1,)}", 8), "");
  std::vector<Array> arrays;
  EXPECT_NE(ReadArrays(TempPath("absent.npy"), &arrays).error.find("No such file"),
            std::string::npos);
}

// Any damage gives an error or other values, never a crash or a large allocation.
TEST(Npz, SurvivesDamage) {
  const std::vector<std::byte> good = FromHex(kCompressed);
  std::mt19937 random(1);
  for (size_t length = 0; length < good.size(); ++length) {
    std::vector<ZipMember> members;
    EXPECT_FALSE(ReadZip({good.data(), length}, &members).ok());
  }
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> bad = good;
    for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips)
      bad[random() % bad.size()] ^= static_cast<std::byte>(1u << (random() % 8));
    std::vector<ZipMember> members;
    if (!ReadZip({bad.data(), bad.size()}, &members).ok()) continue;
    for (const ZipMember& member : members) {
      std::vector<std::byte> npy = member.data;
      if (!npy.empty()) npy[random() % npy.size()] ^= static_cast<std::byte>(1u << (random() % 8));
      Array array;
      if (Parse(npy, &array).ok()) {
        EXPECT_EQ(array.data.size(),
                  static_cast<size_t>(array.shape.Elements()) * SizeOf(array.dtype));
      }
    }
  }
}

}  // namespace
}  // namespace pare::tools
