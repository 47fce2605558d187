#include <gmock/gmock.h>

#include <fstream>

#include "converter/write/byte_sink.h"
#include "converter/write/write_model.h"
#include "nlohmann/json.hpp"
#include "tests/converter/cli/run_command.h"
#include "tests/golden/golden_model.h"
#include "tests/support/model_folder.h"

namespace pare::converter {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Inspect : public ::testing::Test {
 protected:
  void SetUp() override {
    MemorySink sink;
    ASSERT_TRUE(WriteModel(testing::GoldenModel().Build(), sink).ok());
    bytes_.assign(reinterpret_cast<const char*>(sink.bytes().data()), sink.bytes().size());
    Write(bytes_);
  }
  void Write(const std::string& bytes) { folder_.Write("m.pare", bytes); }
  testing::CommandOutput Run(std::vector<std::string> flags) {
    flags.insert(flags.begin(), (folder_.path() / "m.pare").string());
    return testing::RunCommand(AddInspect, flags);
  }
  testing::TempFolder folder_;
  std::string bytes_;
};

TEST_F(Inspect, ShowsEverything) {
  const auto [code, out] = Run({});
  EXPECT_EQ(code, kExitOk);
  EXPECT_THAT(out, HasSubstr("format     version 1"));
  EXPECT_THAT(out, HasSubstr("dimension  batch 1..4"));
  EXPECT_THAT(out, HasSubstr("metadata   task = golden"));
  EXPECT_THAT(out, HasSubstr("[batch, 6, 6, 3]"));
  EXPECT_THAT(out, HasSubstr("image, conv.weight, conv.bias"));
  EXPECT_THAT(out, HasSubstr("Depthwise16"));
  EXPECT_THAT(out, HasSubstr("Graph 2 'else'"));
  EXPECT_THAT(out, Not(HasSubstr("File map")));
}

TEST_F(Inspect, ListsOperatorsAsCMakeTakesThem) {
  const auto [code, out] = Run({"--ops"});
  EXPECT_EQ(code, kExitOk);
  EXPECT_EQ(out,
            "MatMul;Conv;Unary;Binary;Cast;Reduce;If;"
            "UnaryKind:None;UnaryKind:Neg;UnaryKind:Relu;BinaryKind:Add;ReduceKind:Mean;"
            "Layout:Plain;Layout:T16;Layout:Depthwise16\n");
}

TEST_F(Inspect, MapCoversTheFileWithoutOverlap) {
  const auto [code, out] = Run({"--map"});
  EXPECT_EQ(code, kExitOk);
  std::istringstream lines(out);
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  uint64_t at = 0, offset, bytes;
  while (std::getline(lines, line)) {
    ASSERT_TRUE(std::istringstream(line) >> offset >> bytes) << line;
    EXPECT_EQ(offset, at);
    at = offset + bytes;
  }
  EXPECT_EQ(at, bytes_.size());
}

TEST_F(Inspect, VerifyFindsDamage) {
  EXPECT_EQ(Run({"--verify"}).code, kExitOk);
  std::string damaged = bytes_;
  damaged[16384 + 5] ^= 1;
  Write(damaged);
  EXPECT_EQ(Run({}).code, kExitOk);
  EXPECT_EQ(Run({"--verify"}).code, kExitFailed);
}

TEST_F(Inspect, JsonSaysTheSame) {
  const auto [code, out] = Run({"--json"});
  EXPECT_EQ(code, kExitOk);
  const nlohmann::json json = nlohmann::json::parse(out);
  EXPECT_EQ(json["file_bytes"], bytes_.size());
  EXPECT_EQ(json["weights"].size(), 6u);
  EXPECT_EQ(json["weights"][0]["layout"], "T16");
  EXPECT_EQ(json["graphs"][0]["values"][0]["shape"][0], "batch");
  EXPECT_EQ(json["assets"][0]["name"], "labels.txt");
  EXPECT_THAT(json["ops"],
              ElementsAre("MatMul", "Conv", "Unary", "Binary", "Cast", "Reduce", "If"));
}

TEST_F(Inspect, FailsCleanly) {
  Write(bytes_.substr(0, 1000));
  EXPECT_EQ(Run({}).code, kExitFailed);
  Write("");
  EXPECT_EQ(Run({}).code, kExitFailed);
  EXPECT_EQ(testing::RunCommand(AddInspect, {"/no/such/file.pare"}).code, kExitFailed);
  EXPECT_EQ(testing::RunCommand(AddInspect, {}).code, kExitUsage);
  EXPECT_EQ(Run({"--no-such-flag"}).code, kExitUsage);
}

}  // namespace
}  // namespace pare::converter
