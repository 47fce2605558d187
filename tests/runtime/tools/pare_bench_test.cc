// pare-bench: its report, its JSON keys, which scripts rely on, and its exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "tests/runtime/tools/command.h"
#include "tests/support/sample_model.h"

namespace pare::test {
namespace {

using testing::HasSubstr;

Outcome PareBench(const std::string& arguments) { return RunCommand(PARE_BENCH, arguments); }

class PareBenchTest : public testing::Test {
 protected:
  const std::string model_ = WriteTemporary("conv.pare", ConvModel());
  const std::string quick_ = model_ + " --runs 3 --warmup 1 --min-seconds 0 ";
};

TEST_F(PareBenchTest, ReportsTimesAndMemory) {
  const Outcome o = PareBench(quick_ + "--threads 2");
  ASSERT_EQ(o.code, 0) << o.err;
  for (const char* word : {"load", "first run", "median", "p99", "above the empty process", "arena",
                           "2 threads", "runs       3"}) {
    EXPECT_THAT(o.out, HasSubstr(word));
  }
}

TEST_F(PareBenchTest, WritesExactlyTheKeysOfItsContract) {
  const Outcome o = PareBench(quick_ + "--json -");
  ASSERT_EQ(o.code, 0) << o.err;
  const std::regex key("\"([a-z0-9_]+)\": ");
  std::vector<std::string> keys;
  for (std::sregex_iterator i(o.out.begin(), o.out.end(), key), end; i != end; ++i) {
    keys.push_back((*i)[1]);
  }
  EXPECT_THAT(
      keys, testing::ElementsAre("load_ms", "first_ms", "min_ms", "median_ms", "mean_ms", "p90_ms",
                                 "p99_ms", "runs", "threads", "peak_rss_bytes", "rss_bytes",
                                 "arena_bytes", "file_bytes", "cpu", "schema", "model_hash"));
  const std::string path = TemporaryPath("bench.json");
  EXPECT_EQ(PareBench(quick_ + "--quiet --json " + path).out, "");
  EXPECT_THAT(ReadText(path), HasSubstr("\"runs\": 3,"));
}

TEST_F(PareBenchTest, ProfilesByOperatorAndByNode) {
  const Outcome o = PareBench(quick_ + "--profile-ops --dim size=16");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_THAT(o.out, HasSubstr("share"));
  EXPECT_THAT(o.out, testing::ContainsRegex("Conv +3 "));
  EXPECT_THAT(o.out, HasSubstr("f32[1,16,16,32]"));
}

TEST_F(PareBenchTest, WritesAProfileForTheConverter) {
  const std::string path = TemporaryPath("profile.json");
  const Outcome o = PareBench(quick_ + "--dim size=16 --target-profile " + path);
  ASSERT_EQ(o.code, 0) << o.err;
  const std::string text = ReadText(path);
  EXPECT_THAT(text, HasSubstr("\"schema\": \"pare-target-profile\",\n  \"version\": 1,"));
  EXPECT_THAT(
      text, testing::ContainsRegex("\"op\": \"Conv\", \"kernel\": \"[a-z0-9_]+\", \"us\": [0-9]"));
  EXPECT_EQ(PareBench(quick_ + "--target-profile /no/such/folder/p.json").code, 1);
}

TEST_F(PareBenchTest, SustainsForSeconds) {
  const Outcome o = PareBench(quick_ + "--sustain 1");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_THAT(o.out, HasSubstr("drift"));
}

TEST_F(PareBenchTest, ForcesAnInstructionSet) {
  EXPECT_THAT(PareBench(quick_ + "--cpu scalar").out, HasSubstr("device     scalar"));
}

TEST_F(PareBenchTest, FailsWithOneMessage) {
  EXPECT_EQ(PareBench("").code, 2);
  EXPECT_EQ(PareBench(model_ + " --runs 0").code, 2);
  Outcome o = PareBench("/no/model.pare");
  EXPECT_EQ(o.code, 1);
  EXPECT_THAT(o.err, HasSubstr("pare-bench: /no/model.pare"));
  o = PareBench(quick_ + "--dim height=3");
  EXPECT_EQ(o.code, 1);
  EXPECT_THAT(o.err, HasSubstr("'height'"));
  EXPECT_EQ(PareBench(quick_ + "--json /no/such.json").code, 1);
}

}  // namespace
}  // namespace pare::test
