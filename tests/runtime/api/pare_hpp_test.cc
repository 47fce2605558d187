// The C++ wrapper, included as a user does: with nothing of the rest of the tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/pare.hpp"
#include "tests/support/sample_model.h"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

pare::Model OpenSample() {
  static const pare::test::FileBytes file = pare::test::SampleModel();
  pare::Model model;
  const pare::Status status = pare::Model::OpenMemory(file.data.get(), file.size, &model);
  EXPECT_TRUE(status.ok()) << status.message();
  return model;
}

TEST(PareHpp, Runs) {
  const pare::Model model = OpenSample();
  ASSERT_TRUE(model);
  pare::Session session;
  pare::Status status =
      pare::Session::Create(model, pare::SessionOptions().Threads(2).Dim("batch", 2), &session);
  ASSERT_TRUE(status.ok()) << status.message();
  const std::vector<float> x = {1, 2, 3, 4};
  status = session.Set<float>("x", {1, 4}, x);
  ASSERT_TRUE(status.ok()) << status.message();
  ASSERT_TRUE(session.Run().ok());
  EXPECT_THAT(session.Output<float>("scores"), ElementsAre(20, 11, 2));
  EXPECT_EQ(session.Output<float>(0).size(), 3u);
  EXPECT_EQ(session.OutputTensor("scores").shape.dims[0], 1);
  session.Input<float>(0)[0] = 0;
  ASSERT_TRUE(session.Run().ok());
  EXPECT_THAT(session.Output<float>("count"), ElementsAre(2));
  session.ResetState();
  ASSERT_TRUE(session.Run().ok());
  EXPECT_THAT(session.Output<float>("count"), ElementsAre(1));
  session.Cancel();
  EXPECT_EQ(session.Run().code(), PARE_CANCELLED);
}

TEST(PareHpp, Describes) {
  const pare::Model model = OpenSample();
  ASSERT_EQ(model.Inputs().size(), 1u);
  EXPECT_STREQ(model.Inputs()[0].name, "x");
  EXPECT_EQ(model.Outputs().size(), 2u);
  EXPECT_STREQ(model.Metadata("author"), "a test");
  const pare::Span<const char> words = model.Asset("words");
  EXPECT_EQ(std::string(words.data(), words.size()), "hello");
  EXPECT_TRUE(model.Asset("none").empty());
  pare_memory memory;
  ASSERT_TRUE(pare::Session::Measure(model, {}, &memory).ok());
  EXPECT_GT(memory.arena, 0u);
}

TEST(PareHpp, ReportsErrors) {
  pare::Model model;
  const pare::Status missing = pare::Model::Open("/no/such/file", &model);
  EXPECT_EQ(missing.code(), PARE_NOT_FOUND);
  EXPECT_THAT(missing.message(), HasSubstr("/no/such/file"));
  EXPECT_FALSE(model);
  model = OpenSample();
  pare::Session session;
  EXPECT_EQ(pare::Session::Create(model, pare::SessionOptions().Cpu("?"), &session).code(),
            PARE_INVALID_ARGUMENT);
  EXPECT_FALSE(session);
  ASSERT_TRUE(pare::Session::Create(model, pare::SessionOptions(), &session).ok());
  const std::vector<int64_t> integers(32);
  EXPECT_THAT(session.Set<int64_t>("x", integers).message(), HasSubstr("holds f32"));
  EXPECT_THAT(session.Set<int64_t>("z", integers).message(), HasSubstr("no input 'z'"));
  EXPECT_EQ(session.Resize("x", {9, 4}).code(), PARE_OUT_OF_MEMORY);
  EXPECT_EQ(session.Resize("x", {1, 1, 1, 1, 1, 1, 1, 1, 1}).code(), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(session.Resize("none", {9, 4}).code(), PARE_INVALID_ARGUMENT);
  EXPECT_TRUE(session.Resize({{3, 4}}).ok());
  EXPECT_TRUE(session.Output<int32_t>("scores").empty());
  EXPECT_TRUE(session.Output<float>("none").empty());
}

TEST(PareHpp, MovesItsHandles) {
  pare::Model model = OpenSample();
  pare::Model moved = std::move(model);
  EXPECT_TRUE(moved);
  pare::Session a, b;
  ASSERT_TRUE(pare::Session::Create(moved, pare::SessionOptions(), &a).ok());
  b = std::move(a);
  EXPECT_TRUE(b.Run().ok());
}

}  // namespace
