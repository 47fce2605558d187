// Nothing allocates while a session runs, resizes, binds or resets: malloc and its kin, mmap and
// brk are counted, in every thread and every library of the process. Further arguments are .pare
// files to check in the same way.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "runtime/pare.h"
#include "tests/support/sample_model.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<int> allocations{0};

void Count() {
  if (counting.load(std::memory_order_relaxed)) allocations.fetch_add(1);
}

}  // namespace

// ---- The C library's functions, counted. Its own names for them stay reachable.

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t bytes) {
  Count();
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  Count();
  return __libc_calloc(count, bytes);
}
void* realloc(void* p, size_t bytes) {
  Count();
  return __libc_realloc(p, bytes);
}
void* memalign(size_t alignment, size_t bytes) {
  Count();
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  Count();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** out, size_t alignment, size_t bytes) {
  Count();
  *out = __libc_memalign(alignment, bytes);
  return *out == nullptr ? ENOMEM : 0;
}
void* mmap(void* at, size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  Count();
  return mmap64(at, bytes, protection, flags, file, offset);
}
}  // extern "C"

namespace {

std::vector<std::string> files;

// Counts in its lifetime.
class Counter {
 public:
  Counter() {
    allocations = 0;
    counting = true;
  }
  ~Counter() { counting = false; }
  int Stop() {
    counting = false;
    return allocations;
  }
};

TEST(Allocation, IsCounted) {
  Counter counter;
  void* volatile p = malloc(10);
  free(p);
  std::string* volatile s = new std::string(100, 'x');
  delete s;
  EXPECT_GE(counter.Stop(), 2);
}

// Runs, and resizes every input to half of its free dimensions and back.
void Exercise(const pare_model* model, pare_session* session) {
  std::vector<pare_shape> full, half;
  for (uint32_t i = 0; i < pare_session_input_count(session); ++i) {
    pare_tensor tensor;
    pare_value_info info;
    ASSERT_EQ(pare_session_input(session, i, &tensor), PARE_OK);
    ASSERT_EQ(pare_model_input(model, nullptr, i, &info), PARE_OK);
    std::memset(tensor.data, 0, tensor.bytes);
    full.push_back(tensor.shape);
    for (int d = 0; d < info.shape.rank; ++d) {
      if (info.shape.dims[d] < 0) tensor.shape.dims[d] = (tensor.shape.dims[d] + 1) / 2;
    }
    half.push_back(tensor.shape);
  }
  pare_error error = {};
  const auto run = [&](const std::vector<pare_shape>& shapes) {
    const pare_status status = pare_session_resize(session, shapes.data(), shapes.size(), &error);
    return status == PARE_OK ? pare_session_run(session, &error) : status;
  };
  Counter counter;
  pare_status status = run(full);
  const pare_status smaller = run(half);
  if (status == PARE_OK && smaller != PARE_SHAPE) status = smaller;  // not every model takes it
  if (status == PARE_OK) status = run(full);
  pare_session_reset_state(session);
  const int counted = counter.Stop();
  EXPECT_EQ(status, PARE_OK) << error.message;
  EXPECT_EQ(counted, 0);
}

// Hints the shape of every input: where the model gives no bound, 1 for the outermost dimension and
// `size` for others.
pare_status CreateSized(const pare_model* model, pare_session_options options, int64_t size,
                        pare_session** session, pare_error* error) {
  std::vector<pare_value_info> inputs(pare_model_input_count(model, nullptr));
  std::vector<pare_input_hint> hints;
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ(pare_model_input(model, nullptr, i, &inputs[i]), PARE_OK);
    pare_shape& shape = inputs[i].shape;
    for (int d = 0; d < shape.rank; ++d) {
      if (shape.dims[d] < 0) shape.dims[d] = d == 0 && shape.rank > 1 ? 1 : size;
    }
    hints.push_back({inputs[i].name, &inputs[i].shape, nullptr});
  }
  options.inputs = hints.data();
  options.input_count = hints.size();
  return pare_session_create(model, &options, session, error);
}

void Check(const pare_model* model) {
  for (const uint32_t threads : {1u, 2u}) {
    pare_session_options options;
    pare_session_options_init(&options);
    options.threads = threads;
    pare_session* session;
    pare_error error;
    pare_status status = pare_session_create(model, &options, &session, &error);
    // Some models need more.
    for (const int64_t size : {64, 640}) {
      if (status == PARE_UNKNOWN_SIZE || status == PARE_SHAPE)
        status = CreateSized(model, options, size, &session, &error);
    }
    if (status == PARE_SHAPE) {
      std::fprintf(stderr, "left out, its inputs depend on each other: %s\n", error.message);
      return;
    }
    ASSERT_EQ(status, PARE_OK) << error.message;
    Exercise(model, session);
    pare_session_destroy(session);
  }
}

void Check(const pare::test::FileBytes& file) {
  pare_model* model;
  pare_error error;
  ASSERT_EQ(pare_model_open_memory(file.data.get(), file.size, &model, &error), PARE_OK)
      << error.message;
  Check(model);
  pare_model_close(model);
}

TEST(Allocation, DenseAndState) { Check(pare::test::SampleModel()); }
TEST(Allocation, Convolution) { Check(pare::test::ConvModel()); }

TEST(Allocation, FilesOfTheCommandLine) {
  for (const std::string& path : files) {
    pare_model* model;
    pare_error error;
    ASSERT_EQ(pare_model_open(path.c_str(), 0, &model, &error), PARE_OK) << error.message;
    SCOPED_TRACE(path);
    Check(model);
    pare_model_close(model);
  }
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  files.assign(argv + 1, argv + argc);
  return RUN_ALL_TESTS();
}
