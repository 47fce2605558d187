// pare-run as a user sees it: outputs, exit codes, and messages that say what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "runtime/tools/npz.h"
#include "tests/runtime/tools/command.h"
#include "tests/support/sample_model.h"

namespace pare::test {
namespace {

using testing::HasSubstr;
using tools::Array;

Outcome PareRun(const std::string& arguments) { return RunCommand(PARE_RUN, arguments); }

template <class T>
Array MakeArray(const char* name, std::initializer_list<int64_t> dims,
                const std::vector<T>& values) {
  Array array;
  array.name = name;
  array.dtype = kDTypeOf<T>;
  for (const int64_t d : dims) EXPECT_TRUE(array.shape.Push(d));
  array.data.resize(values.size() * sizeof(T));
  std::memcpy(array.data.data(), values.data(), array.data.size());
  return array;
}

template <class T>
std::string Save(const std::string& name, std::initializer_list<int64_t> dims,
                 const std::vector<T>& values) {
  const std::string path = TemporaryPath(name);
  EXPECT_TRUE(tools::WriteNpy(path, MakeArray("", dims, values)).ok());
  return path;
}

class PareRunTest : public testing::Test {
 protected:
  const std::string model_ = WriteTemporary("sample.pare", SampleModel());
  const std::string x_ = Save<float>("x.npy", {1, 4}, {1, 2, 3, 4});
};

TEST_F(PareRunTest, WritesOutputsByName) {
  const std::string out = TemporaryPath("out.npz");
  const Outcome o = PareRun("run " + model_ + " --input x=" + x_ + " --output " + out);
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_THAT(o.out, HasSubstr("scores  f32[1,3]"));
  EXPECT_THAT(o.err, HasSubstr("ms"));
  std::vector<Array> arrays;
  ASSERT_TRUE(tools::ReadArrays(out, &arrays).ok());
  const Array* scores = tools::FindArray(arrays, "scores");
  ASSERT_NE(scores, nullptr);
  ASSERT_EQ(scores->data.size(), 3 * sizeof(float));
  float values[3];
  std::memcpy(values, scores->data.data(), sizeof values);
  EXPECT_THAT(values, testing::ElementsAre(20, 11, 2));
  EXPECT_NE(tools::FindArray(arrays, "count"), nullptr);
}

TEST_F(PareRunTest, ReadsInputsFromAnNpz) {
  const std::string npz = TemporaryPath("in.npz");
  ASSERT_TRUE(tools::WriteNpz(npz, {MakeArray<float>("x", {2, 4}, {0, 0, 0, 0, 1, 1, 1, 1})}).ok());
  EXPECT_THAT(PareRun("run " + model_ + " -i " + npz).out, HasSubstr("[2,3]"));
  EXPECT_THAT(PareRun("run " + model_ + " -i x=" + npz + " -t 2").out, HasSubstr("[2,3]"));
}

TEST_F(PareRunTest, IsSilentWhenAsked) {
  const Outcome o = PareRun("run " + model_ + " --quiet --input x=" + x_);
  EXPECT_EQ(o.code, 0);
  EXPECT_EQ(o.out + o.err, "");
}

TEST_F(PareRunTest, PrintsThePlanWithoutInputs) {
  const Outcome o = PareRun("run " + model_ + " --plan --dim batch=2");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_THAT(o.out, HasSubstr("kernel"));
  EXPECT_THAT(o.out, HasSubstr("dense"));
  EXPECT_THAT(o.out, HasSubstr("f32[2,3]"));
  EXPECT_THAT(o.out, HasSubstr("arena "));
}

TEST_F(PareRunTest, ListsInputsThatAreMissingOrWrong) {
  Outcome o = PareRun("run " + model_);
  EXPECT_EQ(o.code, 1);
  EXPECT_THAT(o.err, HasSubstr("input 'x' is missing"));
  EXPECT_THAT(o.err, HasSubstr("x  f32  [batch,4]"));
  EXPECT_EQ(o.out, "");
  o = PareRun("run " + model_ + " -i x=" + x_ + " -i z=" + x_ + " -i x=" + x_);
  EXPECT_EQ(o.code, 1);
  EXPECT_THAT(o.err, HasSubstr("no input 'z'"));
  EXPECT_THAT(o.err, HasSubstr("'x' is given twice"));
  o = PareRun("run " + model_ + " -i x=" + Save<int64_t>("i.npy", {1, 4}, {1, 2, 3, 4}));
  EXPECT_EQ(o.code, 1);
  EXPECT_THAT(o.err, HasSubstr("takes f32, but the array given holds i64"));
  EXPECT_THAT(o.err, HasSubstr("astype(\"float32\")"));
  o = PareRun("run " + model_ + " -i x=" + Save<float>("w.npy", {1, 5}, {1, 2, 3, 4, 5}));
  EXPECT_EQ(o.code, 1);
  EXPECT_THAT(o.err, HasSubstr("fixes it to 4"));
}

TEST_F(PareRunTest, HintsValuesThatDecideSizes) {
  const std::string model = WriteTemporary("reshape.pare", ReshapeModel());
  const std::string x = Save<float>("six.npy", {6}, {1, 2, 3, 4, 5, 6});
  const std::string target = Save<int64_t>("target.npy", {2}, {3, 2});
  const Outcome o = PareRun("run " + model + " -i x=" + x + " -i target=" + target);
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_THAT(o.out, HasSubstr("y  f32[3,2]"));
}

TEST_F(PareRunTest, NamesFilesThatItCannotUse) {
  EXPECT_THAT(PareRun("run /no/model.pare").err, HasSubstr("/no/model.pare: cannot open it"));
  EXPECT_EQ(PareRun("run /no/model.pare").code, 1);
  EXPECT_THAT(PareRun("run " + model_ + " -i x=/no/x.npy").err, HasSubstr("/no/x.npy"));
  EXPECT_THAT(PareRun("run " + model_ + " -i x=" + model_).err, HasSubstr("sample.pare"));
  const Outcome o = PareRun("run " + model_ + " -i x=" + x_ + " -o /no/out.npz");
  EXPECT_EQ(o.code, 1);
  EXPECT_THAT(o.err, HasSubstr("/no/out.npz"));
  EXPECT_THAT(PareRun("run " + model_ + " --plan --entry nowhere").err, HasSubstr("entry"));
  EXPECT_THAT(PareRun("run " + model_ + " --plan --cpu abacus").err, HasSubstr("abacus"));
}

TEST_F(PareRunTest, ExplainsItsUsage) {
  EXPECT_EQ(PareRun("").code, 2);
  EXPECT_EQ(PareRun("run").code, 2);
  EXPECT_EQ(PareRun("run " + model_ + " --no-such-option").code, 2);
  EXPECT_EQ(PareRun("walk").code, 2);
  EXPECT_EQ(PareRun("run " + model_ + " --plan --dim batch").code, 2);
  const Outcome help = PareRun("run --help");
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("Examples:"));
  EXPECT_THAT(PareRun("--version").out, HasSubstr("pare 0."));
}

}  // namespace
}  // namespace pare::test
