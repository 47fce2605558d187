// The contract of pare.h: results, and an error with a code and a message for each misuse.
#include "runtime/pare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/sample_model.h"

namespace {

using pare::test::FileBytes;
using pare::test::WriteTemporary;
using testing::ElementsAre;
using testing::HasSubstr;

struct Close {
  void operator()(pare_model* m) const { pare_model_close(m); }
  void operator()(pare_session* s) const { pare_session_destroy(s); }
};
struct ModelHandle {
  FileBytes file;  // the model lives in it
  std::unique_ptr<pare_model, Close> model;
  pare_model* get() const { return model.get(); }
};
using SessionHandle = std::unique_ptr<pare_session, Close>;

ModelHandle Open(const FileBytes& file) {
  pare_error error = {};
  pare_model* model;
  EXPECT_EQ(pare_model_open_memory(file.data.get(), file.size, &model, &error), PARE_OK)
      << error.message;
  return {file, std::unique_ptr<pare_model, Close>(model)};
}

SessionHandle Create(const ModelHandle& model, const pare_session_options* options = nullptr) {
  pare_error error = {};
  pare_session* session;
  EXPECT_EQ(pare_session_create(model.get(), options, &session, &error), PARE_OK) << error.message;
  return SessionHandle(session);
}

pare_session_options Options() {
  pare_session_options options;
  pare_session_options_init(&options);
  return options;
}

pare_shape Shape(std::initializer_list<int64_t> dims) {
  pare_shape shape = {};
  for (const int64_t d : dims) shape.dims[shape.rank++] = d;
  return shape;
}

std::vector<float> Floats(const pare_tensor& t) {
  const auto* p = static_cast<const float*>(t.data);
  return {p, p + t.bytes / sizeof(float)};
}

pare_tensor Output(const SessionHandle& session, uint32_t i = 0) {
  pare_tensor tensor = {};
  EXPECT_EQ(pare_session_output(session.get(), i, &tensor), PARE_OK);
  return tensor;
}

// The sample model's answer for x: Relu(x w + bias), w[k][n] = k - n, bias[n] = n.
std::vector<float> Expected(const std::vector<float>& x) {
  std::vector<float> y;
  for (size_t row = 0; row < x.size() / 4; ++row) {
    for (int n = 0; n < 3; ++n) {
      float sum = static_cast<float>(n);
      for (int k = 0; k < 4; ++k)
        sum += x[row * 4 + static_cast<size_t>(k)] * static_cast<float>(k - n);
      y.push_back(sum > 0 ? sum : 0);
    }
  }
  return y;
}

std::vector<float> Sequence(size_t count) {
  std::vector<float> x(count);
  std::iota(x.begin(), x.end(), -2.0f);
  return x;
}

pare_status RunOn(const SessionHandle& session, const std::vector<float>& x, pare_error* error) {
  const pare_status status =
      pare_session_set_input(session.get(), 0, x.data(), x.size() * sizeof(float), error);
  return status == PARE_OK ? pare_session_run(session.get(), error) : status;
}

TEST(PareVersion, IsTheHeaders) {
  EXPECT_EQ(pare_version(),
            uint32_t{PARE_VERSION_MAJOR * 10000 + PARE_VERSION_MINOR * 100 + PARE_VERSION_PATCH});
  EXPECT_STREQ(pare_version_string(), "0.1.0");
}

TEST(PareNames, AreThereForEveryNumber) {
  EXPECT_STREQ(pare_status_name(PARE_OUT_OF_MEMORY), "out of memory");
  EXPECT_STREQ(pare_status_name(static_cast<pare_status>(99)), "unknown status");
  EXPECT_STREQ(pare_dtype_name(PARE_I64), "i64");
  EXPECT_STREQ(pare_dtype_name(static_cast<pare_dtype>(13)), "?");
  EXPECT_EQ(pare_dtype_size(PARE_F16), 2u);
  EXPECT_EQ(pare_dtype_size(static_cast<pare_dtype>(-1)), 0u);
}

// ---- Opening

pare_status OpenPath(const std::string& path, std::string* message, uint32_t flags = 0) {
  pare_error error = {};
  auto* model = reinterpret_cast<pare_model*>(1);
  const pare_status status = pare_model_open(path.c_str(), flags, &model, &error);
  *message = error.message;
  EXPECT_EQ(status == PARE_OK, model != nullptr);
  EXPECT_EQ(error.status, status);
  pare_model_close(model);
  return status;
}

TEST(PareModelOpen, TakesAFileMappedOrLoaded) {
  const std::string path = WriteTemporary("sample.pare", pare::test::SampleModel());
  std::string message;
  EXPECT_EQ(OpenPath(path, &message), PARE_OK) << message;
  EXPECT_EQ(OpenPath(path, &message, PARE_OPEN_LOAD), PARE_OK) << message;
  EXPECT_EQ(OpenPath(path, &message, 64), PARE_INVALID_ARGUMENT);
  EXPECT_THAT(message, HasSubstr("flags"));
}

TEST(PareModelOpen, NamesTheFileThatItCannotRead) {
  for (const uint32_t flags : {0u, uint32_t{PARE_OPEN_LOAD}}) {
    std::string message;
    EXPECT_EQ(OpenPath("/no/such/file.pare", &message, flags), PARE_NOT_FOUND);
    EXPECT_THAT(message, HasSubstr("/no/such/file.pare"));
    EXPECT_THAT(message, HasSubstr("No such file"));
    EXPECT_EQ(OpenPath(testing::TempDir(), &message, flags), PARE_IO);
    EXPECT_THAT(message, HasSubstr("directory"));
  }
}

TEST(PareModelOpen, RefusesWhatIsNoModel) {
  FileBytes file = pare::test::SampleModel();
  std::string message;
  const auto open = [&](const char* name, const FileBytes& bytes) {
    const std::string path = WriteTemporary(name, bytes);
    const pare_status status = OpenPath(path, &message);
    EXPECT_THAT(message, HasSubstr(path));
    std::string loaded;
    EXPECT_EQ(OpenPath(path, &loaded, PARE_OPEN_LOAD), status);
    EXPECT_EQ(loaded, message);
    return status;
  };
  EXPECT_EQ(open("empty.pare", {file.data, 0}), PARE_CORRUPT);
  EXPECT_EQ(open("short.pare", {file.data, 20}), PARE_CORRUPT);
  EXPECT_EQ(open("truncated.pare", {file.data, file.size - 1}), PARE_CORRUPT);
  EXPECT_THAT(message, HasSubstr("truncated"));
  file.data.get()[0] = std::byte{'Q'};
  EXPECT_EQ(open("garbage.pare", file), PARE_CORRUPT);
  EXPECT_THAT(message, HasSubstr("not a .pare file"));
}

TEST(PareModelOpen, ChecksItsArguments) {
  const FileBytes file = pare::test::SampleModel();
  pare_model* model;
  pare_error error;
  EXPECT_EQ(pare_model_open(nullptr, 0, &model, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(model, nullptr);
  EXPECT_EQ(pare_model_open("x", 0, nullptr, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_model_open("/no/such/file", 0, &model, nullptr), PARE_NOT_FOUND);
  EXPECT_EQ(pare_model_open_memory(nullptr, 0, &model, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_model_open_memory(file.data.get() + 4, file.size - 4, &model, &error),
            PARE_INVALID_ARGUMENT);
  EXPECT_THAT(error.message, HasSubstr("64 bytes"));
  EXPECT_EQ(pare_model_open_memory(file.data.get(), file.size, nullptr, &error),
            PARE_INVALID_ARGUMENT);
  pare_model_close(nullptr);
}

TEST(PareModelVerify, FindsDamagedWeights) {
  const FileBytes file = pare::test::SampleModel();
  const ModelHandle model = Open(file);
  pare_error error;
  EXPECT_EQ(pare_model_verify(model.get(), &error), PARE_OK);
  size_t bytes;
  const auto* words = static_cast<const std::byte*>(pare_model_asset(model.get(), "words", &bytes));
  file.data.get()[words - file.data.get()] ^= std::byte{1};
  EXPECT_EQ(pare_model_verify(model.get(), &error), PARE_CORRUPT);
  EXPECT_THAT(error.message, HasSubstr("'words'"));
}

TEST(PareModel, TellsWhatItHolds) {
  const FileBytes file = pare::test::SampleModel();
  const ModelHandle model = Open(file);
  EXPECT_EQ(pare_model_bytes(model.get()), file.size);
  EXPECT_THAT(pare_model_producer(model.get()), HasSubstr("pare"));
  EXPECT_GE(pare_model_format(model.get()), 1u);
  EXPECT_EQ(pare_model_hash(model.get()), pare_model_hash(Open(file).get()));
  EXPECT_NE(pare_model_hash(model.get()), pare_model_hash(Open(pare::test::ReshapeModel()).get()));
  EXPECT_STREQ(pare_model_metadata(model.get(), "labels"), "cat\ndog\nhat");
  EXPECT_EQ(pare_model_metadata(model.get(), "nothing"), nullptr);
  ASSERT_EQ(pare_model_metadata_count(model.get()), 2u);
  EXPECT_STREQ(pare_model_metadata_key(model.get(), 1), "author");
  EXPECT_STREQ(pare_model_metadata_value(model.get(), 1), "a test");
  size_t bytes = 0;
  const void* words = pare_model_asset(model.get(), "words", &bytes);
  ASSERT_NE(words, nullptr);
  EXPECT_EQ(std::string(static_cast<const char*>(words), bytes), "hello");
  EXPECT_EQ(pare_model_asset(model.get(), "nothing", &bytes), nullptr);
  ASSERT_EQ(pare_model_asset_count(model.get()), 1u);
  EXPECT_STREQ(pare_model_asset_name(model.get(), 0), "words");
  EXPECT_EQ(pare_model_entry_count(model.get()), 1u);
}

TEST(PareModel, DeclaresInputsAndOutputs) {
  const ModelHandle model = Open(pare::test::SampleModel());
  EXPECT_EQ(pare_model_input_count(model.get(), nullptr), 1u);
  EXPECT_EQ(pare_model_output_count(model.get(), nullptr), 2u);
  pare_value_info info;
  ASSERT_EQ(pare_model_input(model.get(), nullptr, 0, &info), PARE_OK);
  EXPECT_STREQ(info.name, "x");
  EXPECT_EQ(info.dtype, PARE_F32);
  EXPECT_EQ(info.shape.rank, 2);
  EXPECT_THAT(std::vector<int64_t>(info.shape.dims, info.shape.dims + 2), ElementsAre(-1, 4));
  EXPECT_STREQ(info.dim_names[0], "batch");
  EXPECT_EQ(info.dim_names[1], nullptr);
  ASSERT_EQ(pare_model_output(model.get(), nullptr, 1, &info), PARE_OK);
  EXPECT_STREQ(info.name, "count");
  EXPECT_EQ(pare_model_input(model.get(), nullptr, 1, &info), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_model_input(model.get(), "no entry", 0, &info), PARE_NOT_FOUND);
  EXPECT_EQ(pare_model_input_count(model.get(), "no entry"), 0u);
}

// ---- Creating sessions

TEST(PareSessionCreate, ChecksItsOptions) {
  const ModelHandle model = Open(pare::test::SampleModel());
  const auto create = [&](const pare_session_options& options, const char* message) {
    auto* session = reinterpret_cast<pare_session*>(1);
    pare_error error = {};
    const pare_status status = pare_session_create(model.get(), &options, &session, &error);
    EXPECT_EQ(session, nullptr);
    EXPECT_EQ(error.status, status);
    EXPECT_THAT(error.message, HasSubstr(message));
    pare_memory memory;
    EXPECT_EQ(pare_session_measure(model.get(), &options, &memory, nullptr), status);
    return status;
  };
  pare_session_options options = Options();
  options.struct_size = 8;
  EXPECT_EQ(create(options, "struct_size"), PARE_INVALID_ARGUMENT);
  options = Options();
  options.cpu = "abacus";
  EXPECT_EQ(create(options, "'abacus'"), PARE_INVALID_ARGUMENT);
  options = Options();
  options.entry = "nowhere";
  EXPECT_EQ(create(options, "entry"), PARE_NOT_FOUND);
  const pare_dim unknown = {"time", 3}, large = {"batch", 9}, nameless = {nullptr, 1};
  options = Options();
  options.dim_count = 1;
  options.dims = &unknown;
  EXPECT_EQ(create(options, "'time'"), PARE_NOT_FOUND);
  options.dims = &large;
  EXPECT_EQ(create(options, "1 to 8"), PARE_SHAPE);
  options.dims = &nameless;
  EXPECT_EQ(create(options, "name"), PARE_INVALID_ARGUMENT);
  options.dim_count = 1000;
  EXPECT_EQ(create(options, "dims"), PARE_INVALID_ARGUMENT);
  const pare_shape fixed = Shape({2, 5}), short_one = Shape({2}), bad = {99, {}};
  pare_input_hint hint = {"y", nullptr, nullptr};
  options = Options();
  options.input_count = 1;
  options.inputs = &hint;
  EXPECT_EQ(create(options, "'y'"), PARE_NOT_FOUND);
  hint = {"x", &fixed, nullptr};
  EXPECT_EQ(create(options, "fixes it to 4"), PARE_SHAPE);
  hint.shape = &short_one;
  EXPECT_EQ(create(options, "2 dimensions"), PARE_SHAPE);
  hint.shape = &bad;
  EXPECT_EQ(create(options, "dimensions"), PARE_SHAPE);
}

TEST(PareSessionCreate, NeedsTheArenaThatItMeasures) {
  const ModelHandle model = Open(pare::test::SampleModel());
  pare_memory memory;
  ASSERT_EQ(pare_session_measure(model.get(), nullptr, &memory, nullptr), PARE_OK);
  EXPECT_GE(memory.arena, memory.activations + memory.scratch + memory.plan);
  const size_t bytes = static_cast<size_t>(memory.arena);
  std::vector<std::byte> block(bytes + 64 + 1);
  void* start = block.data();
  size_t space = block.size();
  auto* arena = static_cast<std::byte*>(std::align(64, bytes, start, space));

  pare_session_options options = Options();
  options.arena = arena;
  options.arena_bytes = bytes - 1;
  pare_session* session;
  pare_error error;
  EXPECT_EQ(pare_session_create(model.get(), &options, &session, &error), PARE_OUT_OF_MEMORY);
  EXPECT_THAT(error.message, HasSubstr(std::to_string(bytes)));
  EXPECT_EQ(session, nullptr);
  options.arena = arena + 1;
  options.arena_bytes = bytes;
  EXPECT_EQ(pare_session_create(model.get(), &options, &session, &error), PARE_INVALID_ARGUMENT);
  EXPECT_THAT(error.message, HasSubstr("aligned"));

  options.arena = arena;
  const SessionHandle made = Create(model, &options);
  pare_session_memory(made.get(), &memory);
  EXPECT_EQ(memory.arena, bytes);
  const std::vector<float> x = Sequence(8 * 4);
  ASSERT_EQ(RunOn(made, x, &error), PARE_OK) << error.message;
  EXPECT_EQ(Floats(Output(made)), Expected(x));
}

TEST(PareSessionCreate, LogsWhatItMade) {
  const ModelHandle model = Open(pare::test::SampleModel());
  std::string text;
  pare_session_options options = Options();
  options.threads = 2;
  options.log = [](void* context, pare_log_level, const char* message) {
    *static_cast<std::string*>(context) += message;
  };
  options.log_context = &text;
  const SessionHandle session = Create(model, &options);
  EXPECT_THAT(text, HasSubstr("2 threads"));
}

TEST(PareSessionCreate, NeedsValuesThatDecideSizes) {
  const ModelHandle model = Open(pare::test::ReshapeModel());
  pare_session* session;
  pare_error error;
  EXPECT_EQ(pare_session_create(model.get(), nullptr, &session, &error), PARE_UNKNOWN_SIZE);
  EXPECT_THAT(error.message, HasSubstr("Reshape"));
  const int64_t two_three[] = {2, 3}, three_two[] = {3, 2};
  const pare_input_hint hint = {"target", nullptr, two_three};
  pare_session_options options = Options();
  options.inputs = &hint;
  options.input_count = 1;
  const SessionHandle made = Create(model, &options);
  const std::vector<float> x = Sequence(6);
  ASSERT_EQ(RunOn(made, x, &error), PARE_OK) << error.message;
  EXPECT_EQ(Floats(Output(made)), x);
  EXPECT_EQ(Output(made).shape.dims[0], 2);
  // Other values of the same memory are followed.
  ASSERT_EQ(pare_session_set_input(made.get(), 1, three_two, sizeof three_two, &error), PARE_OK);
  ASSERT_EQ(pare_session_run(made.get(), &error), PARE_OK) << error.message;
  EXPECT_EQ(Output(made).shape.dims[0], 3);
}

// ---- Using sessions

TEST(PareSession, ComputesAndTellsItsTensors) {
  const ModelHandle model = Open(pare::test::SampleModel());
  const SessionHandle session = Create(model);
  EXPECT_EQ(pare_session_input_count(session.get()), 1u);
  EXPECT_EQ(pare_session_output_count(session.get()), 2u);
  EXPECT_EQ(pare_session_find_input(session.get(), "x"), 0);
  EXPECT_EQ(pare_session_find_input(session.get(), "scores"), -1);
  EXPECT_EQ(pare_session_find_output(session.get(), "count"), 1);
  pare_tensor tensor;
  ASSERT_EQ(pare_session_input(session.get(), 0, &tensor), PARE_OK);
  EXPECT_STREQ(tensor.name, "x");
  EXPECT_EQ(tensor.bytes, 8 * 4 * sizeof(float));  // the bound of "batch" until a resize
  EXPECT_EQ(tensor.capacity, tensor.bytes);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data) % 64, 0u);
  EXPECT_EQ(pare_session_input(session.get(), 1, &tensor), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_session_output(session.get(), 2, &tensor), PARE_INVALID_ARGUMENT);

  pare_error error;
  const std::vector<float> x = Sequence(8 * 4);
  ASSERT_EQ(RunOn(session, x, &error), PARE_OK) << error.message;
  EXPECT_EQ(Floats(Output(session)), Expected(x));
  std::vector<float> scores(8 * 3);
  EXPECT_EQ(pare_session_get_output(session.get(), 0, scores.data(), scores.size() * 4, &error),
            PARE_OK);
  EXPECT_EQ(scores, Expected(x));
}

TEST(PareSession, RefusesWrongSizesAndNumbers) {
  const ModelHandle model = Open(pare::test::SampleModel());
  const SessionHandle session = Create(model);
  float x[64] = {};
  pare_error error;
  EXPECT_EQ(pare_session_set_input(session.get(), 0, x, 12, &error), PARE_INVALID_ARGUMENT);
  EXPECT_THAT(error.message, HasSubstr("'x' takes 128 bytes (f32), 12 were given"));
  EXPECT_EQ(pare_session_set_input(session.get(), 7, x, 12, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_session_get_output(session.get(), 0, x, 4, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_session_get_output(session.get(), 7, x, 4, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_session_get_output(session.get(), 7, x, 4, nullptr), PARE_INVALID_ARGUMENT);
}

TEST(PareSession, FollowsSizes) {
  const ModelHandle model = Open(pare::test::SampleModel());
  const SessionHandle session = Create(model);
  pare_error error;
  for (const int64_t batch : {1, 8, 3, 3, 5}) {
    const pare_shape shape = Shape({batch, 4});
    ASSERT_EQ(pare_session_resize_input(session.get(), 0, &shape, &error), PARE_OK);
    const std::vector<float> x = Sequence(static_cast<size_t>(batch) * 4);
    ASSERT_EQ(RunOn(session, x, &error), PARE_OK) << error.message;
    EXPECT_EQ(Output(session).shape.dims[0], batch);
    EXPECT_EQ(Floats(Output(session)), Expected(x));
  }
  const pare_shape large = Shape({9, 4}), other = Shape({2, 5}), bad = {-1, {}},
                   good = Shape({2, 4});
  EXPECT_EQ(pare_session_resize_input(session.get(), 0, &large, &error), PARE_OUT_OF_MEMORY);
  EXPECT_EQ(pare_session_resize_input(session.get(), 0, &other, &error), PARE_SHAPE);
  EXPECT_EQ(pare_session_resize_input(session.get(), 0, &bad, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_session_resize_input(session.get(), 1, &good, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_session_resize(session.get(), &good, 0, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_session_resize(session.get(), &other, 1, &error), PARE_SHAPE);
  EXPECT_EQ(pare_session_resize(session.get(), &bad, 1, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_session_resize(session.get(), &good, 1, &error), PARE_OK);
  ASSERT_EQ(RunOn(session, Sequence(8), &error), PARE_OK) << error.message;
  EXPECT_EQ(Floats(Output(session)), Expected(Sequence(8)));
}

TEST(PareSession, WorksInTheCallersMemory) {
  const ModelHandle model = Open(pare::test::SampleModel());
  const SessionHandle session = Create(model);
  alignas(64) float x[8 * 4 + 4];
  alignas(64) float y[8 * 3];
  pare_error error;
  EXPECT_EQ(pare_session_bind_input(session.get(), 0, x + 1, sizeof x - 4, &error),
            PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_session_bind_input(session.get(), 0, x, 8, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_session_bind_input(session.get(), 3, x, sizeof x, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_session_bind_output(session.get(), 0, y, 8, &error), PARE_INVALID_ARGUMENT);
  EXPECT_EQ(pare_session_bind_output(session.get(), 3, y, 8, &error), PARE_INVALID_ARGUMENT);
  ASSERT_EQ(pare_session_bind_input(session.get(), 0, x, sizeof x, &error), PARE_OK);
  ASSERT_EQ(pare_session_bind_output(session.get(), 0, y, sizeof y, &error), PARE_OK);
  const std::vector<float> values = Sequence(8 * 4);
  std::memcpy(x, values.data(), values.size() * sizeof(float));
  ASSERT_EQ(pare_session_run(session.get(), &error), PARE_OK) << error.message;
  EXPECT_EQ(std::vector<float>(y, y + 24), Expected(values));
  EXPECT_EQ(Output(session).data, y);
  // Back to its own.
  ASSERT_EQ(pare_session_bind_input(session.get(), 0, nullptr, 0, &error), PARE_OK);
  ASSERT_EQ(pare_session_bind_output(session.get(), 0, nullptr, 0, &error), PARE_OK);
  EXPECT_NE(Output(session).data, y);
  ASSERT_EQ(RunOn(session, values, &error), PARE_OK);
  EXPECT_EQ(Floats(Output(session)), Expected(values));
}

TEST(PareSession, KeepsStateUntilReset) {
  const ModelHandle model = Open(pare::test::SampleModel());
  const SessionHandle session = Create(model);
  pare_error error;
  const std::vector<float> x = Sequence(8 * 4);
  for (float n : {1.0f, 2.0f, 3.0f}) {
    ASSERT_EQ(RunOn(session, x, &error), PARE_OK);
    EXPECT_THAT(Floats(Output(session, 1)), ElementsAre(n));
  }
  pare_session_reset_state(session.get());
  ASSERT_EQ(RunOn(session, x, &error), PARE_OK);
  EXPECT_THAT(Floats(Output(session, 1)), ElementsAre(1.0f));
}

TEST(PareSession, IsCancelledOnce) {
  const ModelHandle model = Open(pare::test::SampleModel());
  const SessionHandle session = Create(model);
  pare_error error = {};
  pare_session_cancel(session.get());
  EXPECT_EQ(pare_session_run(session.get(), &error), PARE_CANCELLED);
  EXPECT_EQ(error.status, PARE_CANCELLED);
  EXPECT_EQ(pare_session_run(session.get(), &error), PARE_OK);
}

TEST(PareSession, RunsBesideOthersOfItsModel) {
  const ModelHandle model = Open(pare::test::SampleModel());
  const auto work = [&](float first) {
    pare_session_options options = Options();
    options.threads = 2;
    const SessionHandle session = Create(model, &options);
    pare_error error;
    std::vector<float> x(8 * 4);
    std::iota(x.begin(), x.end(), first);
    for (int i = 0; i < 50; ++i) {
      ASSERT_EQ(RunOn(session, x, &error), PARE_OK);
      ASSERT_EQ(Floats(Output(session)), Expected(x));
    }
  };
  std::thread other(work, 3.0f);
  work(-7.0f);
  other.join();
}

TEST(PareSession, GivesTheSameAnswerOnTwoThreads) {
  const ModelHandle model = Open(pare::test::ConvModel());
  std::vector<float> image(32 * 32 * 3);
  for (size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i % 31) / 31;
  std::vector<std::vector<float>> answers;
  for (const uint32_t threads : {1u, 2u}) {
    pare_session_options options = Options();
    options.threads = threads;
    const SessionHandle session = Create(model, &options);
    EXPECT_EQ(pare_session_threads(session.get()), threads);
    pare_error error;
    ASSERT_EQ(RunOn(session, image, &error), PARE_OK) << error.message;
    answers.push_back(Floats(Output(session)));
  }
  EXPECT_EQ(answers[0], answers[1]);
}

TEST(PareSession, ListsAndTimesItsSteps) {
  const ModelHandle model = Open(pare::test::SampleModel());
  const SessionHandle session = Create(model);
  ASSERT_EQ(pare_session_step_count(session.get()), 2u);
  pare_step step;
  ASSERT_EQ(pare_session_step(session.get(), 0, &step), PARE_OK);
  EXPECT_STREQ(step.name, "dense");
  EXPECT_STREQ(step.op, "MatMul");
  EXPECT_STREQ(step.mode, "run");
  EXPECT_EQ(step.bytes, 8 * 3 * sizeof(float));
  EXPECT_NE(step.offset, PARE_NO_OFFSET);
  EXPECT_EQ(pare_session_step(session.get(), 2, &step), PARE_INVALID_ARGUMENT);
  uint64_t nanoseconds[2] = {};
  pare_error error;
  ASSERT_EQ(pare_session_run_profiled(session.get(), nanoseconds, &error), PARE_OK);
  EXPECT_GT(nanoseconds[0] + nanoseconds[1], 0u);
  EXPECT_THAT(Floats(Output(session, 1)), ElementsAre(1.0f));
}

}  // namespace
