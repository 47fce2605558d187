// The `pare` command as a user meets it: exit codes, messages, what is left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "converter/cli/parse.h"
#include "converter/cli/report.h"

namespace pare::converter {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Cli : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "pare_cli_XXXXXX").string();
    folder_ = mkdtemp(name.data());
    if (!fs::exists(kCommand)) GTEST_SKIP() << "the command is not built";
  }
  void TearDown() override { fs::remove_all(folder_); }

  // Exit code; fills out_ and error_.
  int Run(const std::string& arguments) {
    const std::string command =
        std::string(kCommand) + " " + arguments + " >" + Path("stdout") + " 2>" + Path("stderr");
    const int status = std::system(command.c_str());
    out_ = Read("stdout");
    error_ = Read("stderr");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string Path(const char* name) const { return (folder_ / name).string(); }
  std::string Read(const char* name) const {
    std::ostringstream text;
    text << std::ifstream(Path(name)).rdbuf();
    return text.str();
  }

  static constexpr char kCommand[] = PARE_BINARY_DIR "/converter/pare";
  fs::path folder_;
  std::string out_, error_;
};

// A network of one addition: what an ONNX file needs and no more.
std::string TinyOnnx() {
  const auto field = [](int number, const std::string& bytes) {
    return std::string(1, static_cast<char>(number << 3 | 2)) +
           std::string(1, static_cast<char>(bytes.size())) + bytes;
  };
  const auto number = [](int field_number, int value) {
    return std::string(1, static_cast<char>(field_number << 3)) +
           std::string(1, static_cast<char>(value));
  };
  const std::string dim = field(1, number(1, 4));
  const std::string type = field(1, number(1, 1) + field(2, dim));
  const auto value = [&](const char* name) { return field(1, name) + field(2, type); };
  const std::string node = field(1, "x") + field(1, "x") + field(2, "y") + field(4, "Add");
  const std::string graph =
      field(1, node) + field(2, "tiny") + field(11, value("x")) + field(12, value("y"));
  return number(1, 8) + field(7, graph) + field(8, number(2, 13));
}

TEST_F(Cli, HelpAndVersion) {
  EXPECT_EQ(Run("--help"), 0);
  EXPECT_THAT(out_, HasSubstr("Examples:"));
  EXPECT_EQ(Run("convert --help"), 0);
  EXPECT_THAT(out_, HasSubstr("pare convert model.onnx -o model.pare"));
  EXPECT_EQ(Run("--version"), 0);
  EXPECT_THAT(out_, HasSubstr("pare "));
  EXPECT_EQ(Run("convert --version"), 0);
}

TEST_F(Cli, WrongUsage) {
  EXPECT_EQ(Run(""), 2);
  EXPECT_EQ(Run("no-such-command"), 2);
  EXPECT_EQ(Run("convert"), 2);
  EXPECT_EQ(Run("convert x.onnx"), 2);
  EXPECT_EQ(Run("convert x.onnx -o y.pare --no-such-flag"), 2);
  EXPECT_EQ(Run("convert x.onnx -o y.pare --quantize int3"), 2);
  EXPECT_EQ(Run("convert x.onnx -o y.pare --shape x"), 2);
  EXPECT_EQ(Run("convert x.onnx -o y.pare --dim batch=8..1"), 2);
  EXPECT_EQ(Run("convert x.onnx -o y.pare --report r.pdf"), 2);
  EXPECT_EQ(Run("convert x.onnx -o y.pare --quiet --verbose"), 2);
  EXPECT_EQ(out_, "");
}

TEST_F(Cli, AMissingFile) {
  EXPECT_EQ(Run("convert " + Path("no.onnx") + " -o " + Path("y.pare")), 1);
  EXPECT_THAT(error_, HasSubstr("pare: error: " + Path("no.onnx")));
  EXPECT_FALSE(fs::exists(Path("y.pare")));
}

TEST_F(Cli, ADamagedFileLeavesTheOldOutput) {
  std::ofstream(Path("bad.onnx")) << "this is no protobuf";
  std::ofstream(Path("y.pare")) << "old";
  EXPECT_EQ(Run("convert " + Path("bad.onnx") + " -o " + Path("y.pare")), 1);
  EXPECT_EQ(Read("y.pare"), "old");
}

TEST_F(Cli, Converts) {
  std::ofstream(Path("tiny.onnx")) << TinyOnnx();
  ASSERT_EQ(Run("convert " + Path("tiny.onnx") + " -o " + Path("y.pare") + " --report " +
                Path("report.json")),
            0)
      << error_;
  EXPECT_THAT(out_, HasSubstr("nodes    1 -> 1"));
  EXPECT_EQ(error_, "");
  EXPECT_TRUE(fs::exists(Path("y.pare")));
  EXPECT_THAT(Read("report.json"), HasSubstr("\"nodes_after\": 1"));
  ASSERT_EQ(Run("convert " + Path("tiny.onnx") + " -o " + Path("y.pare") + " --quiet"), 0);
  EXPECT_EQ(out_, "");
  ASSERT_EQ(Run("convert " + Path("tiny.onnx") + " -o " + Path("y.pare") + " --verbose"), 0);
  EXPECT_THAT(error_, HasSubstr("infer_shapes"));
}

TEST_F(Cli, SameInputSameBytes) {
  std::ofstream(Path("tiny.onnx")) << TinyOnnx();
  ASSERT_EQ(Run("convert " + Path("tiny.onnx") + " -o " + Path("a.pare")), 0);
  ASSERT_EQ(Run("convert " + Path("tiny.onnx") + " -o " + Path("b.pare")), 0);
  EXPECT_EQ(Read("a.pare"), Read("b.pare"));
}

TEST_F(Cli, KeepsAStateAcrossRuns) {
  std::ofstream(Path("tiny.onnx")) << TinyOnnx();
  EXPECT_EQ(Run("convert " + Path("tiny.onnx") + " -o " + Path("y.pare") + " --state no=y"), 1);
  EXPECT_THAT(error_, HasSubstr("no input 'no'"));
}

TEST_F(Cli, AnUnwritableOutput) {
  std::ofstream(Path("tiny.onnx")) << TinyOnnx();
  EXPECT_EQ(Run("convert " + Path("tiny.onnx") + " -o " + Path("no/such/folder/y.pare")), 1);
  EXPECT_THAT(error_, HasSubstr("cannot create"));
}

TEST_F(Cli, ListsAndRefusesPasses) {
  EXPECT_EQ(Run("convert --list-passes"), 0);
  EXPECT_THAT(out_, HasSubstr("fold_constants"));
  std::ofstream(Path("tiny.onnx")) << TinyOnnx();
  const std::string convert = "convert " + Path("tiny.onnx") + " -o " + Path("y.pare");
  EXPECT_EQ(Run(convert + " --disable-pass simplify"), 0);
  EXPECT_EQ(Run(convert + " --disable-pass nonsense"), 1);
  EXPECT_THAT(error_, HasSubstr("--list-passes"));
}

TEST_F(Cli, QuantizeFlags) {
  std::ofstream(Path("tiny.onnx")) << TinyOnnx();
  const std::string convert = "convert " + Path("tiny.onnx") + " -o " + Path("y.pare");
  EXPECT_EQ(Run(convert + " --quantize int8"), 2);
  EXPECT_THAT(error_, HasSubstr("--calibrate"));
  EXPECT_EQ(Run(convert + " --calibrate x.npz"), 2);
  EXPECT_EQ(Run(convert + " --quantize int8 --calibrate " + Path("no.npz")), 1);
  EXPECT_EQ(Run(convert + " --quantize int8-dynamic --calibration-method guess"), 2);
  EXPECT_FALSE(fs::exists(Path("y.pare")));
  EXPECT_EQ(Run(convert + " --quantize nf4"), 1);
  EXPECT_THAT(error_, HasSubstr("no layer can have weights of 4 bits"));
  EXPECT_FALSE(fs::exists(Path("y.pare")));
  EXPECT_EQ(Run(convert + " --quantize int8-dynamic --asymmetric"), 2);
  EXPECT_EQ(Run(convert + " --quantize int4 --weight-scales guess"), 2);
}

TEST(Parse, Quantize) {
  EXPECT_EQ(ParseQuantize("int4:g128")->group, 128);
  EXPECT_EQ(ParseQuantize("int8")->format, QuantFormat::kInt8);
  for (const char* bad : {"", "int4:g48", "int4:", "int8:g32", "f32"})
    EXPECT_FALSE(ParseQuantize(bad).has_value()) << bad;
}

TEST(Parse, Shapes) {
  const auto shape = ParseShape("a=b=1x3x-1");
  ASSERT_TRUE(shape.has_value());
  EXPECT_EQ(shape->name, "a=b");
  EXPECT_EQ(shape->dims, (std::vector<int64_t>{1, 3, -1}));
  for (const char* bad : {"", "x", "x=", "=1", "x=1x", "x=1xx2", "x=ax2", "x=-2", "x=1.5"})
    EXPECT_FALSE(ParseShape(bad).has_value()) << bad;
}

TEST(Parse, Dims) {
  const auto range = ParseDim("batch=1..8"), fixed = ParseDim("batch=4");
  ASSERT_TRUE(range.has_value() && fixed.has_value());
  EXPECT_EQ(range->max, 8);
  EXPECT_EQ(fixed->min, 4);
  EXPECT_EQ(fixed->max, 4);
  for (const char* bad : {"", "b", "b=", "b=0", "b=2..1", "b=1..", "b=..3", "b=1..2..3"})
    EXPECT_FALSE(ParseDim(bad).has_value()) << bad;
}

TEST(Parse, Adapters) {
  EXPECT_EQ(ParseAdapter("folder:0.5").scale, 0.5f);
  EXPECT_EQ(ParseAdapter("folder:0.5").folder, "folder");
  EXPECT_EQ(ParseAdapter("c:/folder").folder, "c:/folder");
}

TEST(Parse, States) {
  EXPECT_EQ(ParseState("a=b")->output, "b");
  EXPECT_FALSE(ParseState("a=").has_value());
}

}  // namespace
}  // namespace pare::converter
