// The C API: sessions.
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <new>
#include <utility>

#include "runtime/kernels/cpu.h"
#include "runtime/pare_internal.h"
#include "runtime/plan/plan.h"
#include "runtime/session/session.h"

namespace fb = pare::fb;
using pare::Code;
using pare::Count;
using pare::Fail;
using pare::Report;
using pare::Session;
using pare::Shape;
using pare::Status;
using pare::Tensor;
using pare::Text;

struct pare_session {
  std::atomic<bool> cancelled;
  bool owns_arena;
  const pare_model* model;
  pare::MemoryNeeds needs;
  uint64_t arena_bytes;
  pare::CpuMask cpu;
  Session session;
};

namespace {

// ---- Shapes

void Export(const Shape& from, pare_shape* to) {
  to->rank = from.rank;
  for (int i = 0; i < PARE_MAX_RANK; ++i) to->dims[i] = i < from.rank ? from.dims[i] : 0;
}

bool Import(const pare_shape& from, Shape* to) {
  if (from.rank < 0 || from.rank > PARE_MAX_RANK) return false;
  to->rank = from.rank;
  for (int i = 0; i < from.rank; ++i) {
    if (from.dims[i] < 0) return false;
    to->dims[i] = from.dims[i];
  }
  return true;
}

constexpr size_t kMaxHints = 64, kMaxDims = 64;  // read into fixed arrays on the stack

// The options of the caller in the runtime's terms.
struct Config {
  pare::SessionConfig config;
  pare::DimSize dims[kMaxDims];
  pare::InputHint hints[kMaxHints];
  Shape shapes[kMaxHints];
};

pare_status CheckDim(const fb::Model& model, const pare_dim& dim, pare_error* error) {
  if (dim.name == nullptr) return Fail(error, PARE_INVALID_ARGUMENT, "a dimension has no name");
  for (uint32_t i = 0; i < Count(model.symbols()); ++i) {
    const fb::Symbol& symbol = *model.symbols()->Get(i);
    if (std::strcmp(Text(symbol.name()), dim.name) != 0) continue;
    if (dim.size >= symbol.min() && (symbol.max() <= 0 || dim.size <= symbol.max())) return PARE_OK;
    return Fail(error, PARE_SHAPE,
                "dimension '%s' cannot be %" PRId64 ": the model takes %" PRId64 " to %" PRId64
                " (0: any)",
                dim.name, dim.size, symbol.min(), symbol.max());
  }
  return Fail(error, PARE_NOT_FOUND,
              "the model has no dimension '%s'; `pare inspect` lists what it has", dim.name);
}

pare_status CheckHint(const pare_model* model, const char* entry, const pare_input_hint& hint,
                      pare_error* error) {
  if (hint.name == nullptr) return Fail(error, PARE_INVALID_ARGUMENT, "an input hint has no name");
  pare_value_info info;
  uint32_t i = 0;
  while (pare_model_input(model, entry, i, &info) == PARE_OK &&
         std::strcmp(info.name, hint.name) != 0)
    ++i;
  if (i == pare_model_input_count(model, entry)) {
    return Fail(error, PARE_NOT_FOUND,
                "the model has no input '%s'; `pare inspect` lists its inputs", hint.name);
  }
  if (hint.shape == nullptr) return PARE_OK;
  bool fits = hint.shape->rank == info.shape.rank;
  for (int d = 0; fits && d < info.shape.rank; ++d) {
    const int64_t size = hint.shape->dims[d];
    fits = size >= 0 && (info.shape.dims[d] < 0 || info.shape.dims[d] == size);
    if (!fits) {
      return Fail(error, PARE_SHAPE,
                  "input '%s': dimension %d cannot be %" PRId64 ": the model fixes it to %" PRId64,
                  hint.name, d, size, info.shape.dims[d]);
    }
  }
  if (fits) return PARE_OK;
  return Fail(error, PARE_SHAPE, "input '%s' has %d dimensions, the shape given has %d", hint.name,
              info.shape.rank, hint.shape->rank);
}

pare_status ReadOptions(const pare_model* model, const pare_session_options* given,
                        pare_session_options* options, Config* out, pare_error* error) {
  pare_session_options_init(options);
  if (given != nullptr) {
    if (given->struct_size != sizeof *options) {
      return Fail(error, PARE_INVALID_ARGUMENT,
                  "pare_session_options.struct_size is %zu: fill the options by "
                  "pare_session_options_init of this version (%s)",
                  given->struct_size, pare_version_string());
    }
    *options = *given;
  }
  if (pare::Result<uint32_t> entry = model->model.FindEntry(options->entry); !entry.ok()) {
    return Report(error, entry.status(), model);
  }
  out->config.entry = options->entry;
  out->config.threads = options->threads;
  out->config.max_trips = options->max_trips;
  if (options->cpu != nullptr &&
      !pare::LowerCpu(pare::DetectCpu(), options->cpu, &out->config.cpu)) {
    return Fail(error, PARE_INVALID_ARGUMENT,
                "no instruction set level '%s'; there are scalar, avx2, avxvnni, avx512, "
                "avx512vnni, amxint8, neon, neondot, i8mm",
                options->cpu);
  }
  if (options->dim_count > kMaxDims || options->input_count > kMaxHints) {
    return Fail(error, PARE_INVALID_ARGUMENT, "more than %zu dims or %zu input hints", kMaxDims,
                kMaxHints);
  }
  for (size_t i = 0; i < options->dim_count; ++i) {
    const pare_status status = CheckDim(model->model.metadata(), options->dims[i], error);
    if (status != PARE_OK) return status;
    out->dims[i] = {options->dims[i].name, options->dims[i].size};
  }
  for (size_t i = 0; i < options->input_count; ++i) {
    const pare_input_hint& hint = options->inputs[i];
    const pare_status status = CheckHint(model, options->entry, hint, error);
    if (status != PARE_OK) return status;
    if (hint.shape != nullptr) (void)Import(*hint.shape, &out->shapes[i]);
    out->hints[i] = {hint.name, hint.shape == nullptr ? nullptr : &out->shapes[i], hint.values};
  }
  out->config.dims = {out->dims, options->dim_count};
  out->config.inputs = {out->hints, options->input_count};
  return PARE_OK;
}

// The session object lies at the start of its own arena.
constexpr uint64_t kHeadBytes = pare::AlignUp(sizeof(pare_session));

pare_status Measure(const pare_model* model, const Config& config, pare::MemoryNeeds* needs,
                    pare_error* error) {
  auto measured = Session::Measure(model->model, config.config);
  if (!measured.ok()) return Report(error, measured.status(), model);
  *needs = measured.value();
  return PARE_OK;
}

void Log(const pare_session_options& options, const pare_session* session) {
  if (options.log == nullptr) return;
  char text[160];
  snprintf(text, sizeof text, "%" PRIu32 " steps, %" PRIu32 " threads, %s, arena %" PRIu64 " bytes",
           pare_session_step_count(session), pare_session_threads(session),
           pare_session_cpu(session), session->arena_bytes);
  options.log(options.log_context, PARE_LOG_INFO, text);
}

void Export(const char* name, const Tensor& from, uint64_t capacity, pare_tensor* to) {
  to->name = name;
  to->dtype = static_cast<pare_dtype>(from.dtype);
  Export(from.shape, &to->shape);
  to->data = from.data;
  to->bytes = from.Bytes();
  to->capacity = static_cast<size_t>(capacity);
}

pare_status NoSuchTensor(pare_error* error, const char* kind, uint32_t i, uint32_t count) {
  return Fail(error, PARE_INVALID_ARGUMENT, "no %s %" PRIu32 ": the model has %" PRIu32, kind, i,
              count);
}

pare_status WrongBytes(pare_error* error, const char* kind, const pare_tensor& tensor,
                       size_t bytes) {
  return Fail(error, PARE_INVALID_ARGUMENT, "%s '%s' takes %zu bytes (%s), %zu were given", kind,
              tensor.name, tensor.bytes, pare_dtype_name(tensor.dtype), bytes);
}

pare_status Finish(pare_session* session, Status status, pare_error* error) {
  if (status.code == Code::kCancelled) session->cancelled.store(false, std::memory_order_relaxed);
  return Report(error, status, session->model);
}

}  // namespace

void pare_session_options_init(pare_session_options* options) {
  *options = {};
  options->struct_size = sizeof *options;
  options->threads = 1;
  options->max_trips = pare::SessionConfig().max_trips;
}

pare_status pare_session_measure(const pare_model* model, const pare_session_options* options,
                                 pare_memory* memory, pare_error* error) {
  pare_session_options read;
  Config config;
  pare_status status = ReadOptions(model, options, &read, &config, error);
  pare::MemoryNeeds needs = {};
  if (status == PARE_OK) status = Measure(model, config, &needs, error);
  if (status != PARE_OK) return status;
  *memory = {kHeadBytes + needs.arena_bytes, needs.activation_bytes, needs.scratch_bytes,
             needs.plan_bytes};
  return PARE_OK;
}

pare_status pare_session_create(const pare_model* model, const pare_session_options* options,
                                pare_session** session, pare_error* error) {
  *session = nullptr;
  pare_session_options read;
  Config config;
  pare_status status = ReadOptions(model, options, &read, &config, error);
  if (status != PARE_OK) return status;
  pare::MemoryNeeds needs = {};
  status = Measure(model, config, &needs, error);
  if (status != PARE_OK) return status;

  const uint64_t bytes = kHeadBytes + needs.arena_bytes;
  void* memory = read.arena;
  if (memory == nullptr) {
    if (bytes <= SIZE_MAX) memory = pare_platform_alloc(bytes, pare::kAlignment);
    if (memory == nullptr) {
      return Fail(error, PARE_OUT_OF_MEMORY, "no memory for an arena of %" PRIu64 " bytes", bytes);
    }
  } else if (reinterpret_cast<uintptr_t>(memory) % pare::kAlignment != 0) {
    return Fail(error, PARE_INVALID_ARGUMENT, "the arena is not aligned to %zu bytes",
                pare::kAlignment);
  } else if (read.arena_bytes < bytes) {
    return Fail(error, PARE_OUT_OF_MEMORY,
                "the arena has %zu bytes, but the session needs %" PRIu64
                ", as pare_session_measure says",
                read.arena_bytes, bytes);
  }
  auto* made = static_cast<pare_session*>(memory);
  new (&made->cancelled) std::atomic<bool>(false);
  config.config.cancel = &made->cancelled;
  auto created = Session::Create(
      model->model, config.config,
      {static_cast<std::byte*>(memory) + kHeadBytes, static_cast<size_t>(needs.arena_bytes)});
  if (!created.ok()) {
    status = Report(error, created.status(), model);
    if (read.arena == nullptr) pare_platform_free(memory);
    return status;
  }
  new (&made->session) Session(std::move(created).value());
  made->owns_arena = read.arena == nullptr;
  made->model = model;
  made->needs = needs;
  made->arena_bytes = bytes;
  made->cpu = config.config.cpu;
  *session = made;
  Log(read, made);
  return PARE_OK;
}

void pare_session_destroy(pare_session* session) {
  if (session == nullptr) return;
  session->session.~Session();
  if (session->owns_arena) pare_platform_free(session);
}

uint32_t pare_session_input_count(const pare_session* session) {
  return session->session.input_count();
}
uint32_t pare_session_output_count(const pare_session* session) {
  return session->session.output_count();
}
int32_t pare_session_find_input(const pare_session* session, const char* name) {
  return session->session.FindInput(name);
}
int32_t pare_session_find_output(const pare_session* session, const char* name) {
  return session->session.FindOutput(name);
}

pare_status pare_session_input(const pare_session* session, uint32_t i, pare_tensor* tensor) {
  const Session& s = session->session;
  if (i >= s.input_count()) return PARE_INVALID_ARGUMENT;
  const auto value = static_cast<uint32_t>(s.plan().graph().inputs()->Get(i));
  Export(s.input_name(i), s.input(i), s.plan().Capacity(value), tensor);
  return PARE_OK;
}

pare_status pare_session_output(const pare_session* session, uint32_t i, pare_tensor* tensor) {
  const Session& s = session->session;
  if (i >= s.output_count()) return PARE_INVALID_ARGUMENT;
  const auto value = static_cast<uint32_t>(s.plan().graph().outputs()->Get(i));
  Export(s.output_name(i), s.output(i), s.plan().Capacity(value), tensor);
  return PARE_OK;
}

pare_status pare_session_set_input(pare_session* session, uint32_t i, const void* data,
                                   size_t bytes, pare_error* error) {
  pare_tensor tensor;
  if (pare_session_input(session, i, &tensor) != PARE_OK) {
    return NoSuchTensor(error, "input", i, pare_session_input_count(session));
  }
  if (bytes != tensor.bytes) return WrongBytes(error, "input", tensor, bytes);
  if (bytes > 0) std::memmove(tensor.data, data, bytes);
  return PARE_OK;
}

pare_status pare_session_get_output(const pare_session* session, uint32_t i, void* data,
                                    size_t bytes, pare_error* error) {
  pare_tensor tensor;
  if (pare_session_output(session, i, &tensor) != PARE_OK) {
    return NoSuchTensor(error, "output", i, pare_session_output_count(session));
  }
  if (bytes != tensor.bytes) return WrongBytes(error, "output", tensor, bytes);
  if (bytes > 0) std::memmove(data, tensor.data, bytes);
  return PARE_OK;
}

pare_status pare_session_resize(pare_session* session, const pare_shape* shapes, size_t count,
                                pare_error* error) {
  if (count != session->session.input_count()) {
    return Fail(error, PARE_INVALID_ARGUMENT,
                "%zu shapes were given, but the model has %" PRIu32 " inputs", count,
                session->session.input_count());
  }
  Shape wanted[kMaxHints];
  if (count > kMaxHints) {
    return Fail(error, PARE_UNSUPPORTED, "more than %zu inputs at once: resize one by one",
                kMaxHints);
  }
  for (size_t i = 0; i < count; ++i) {
    if (!Import(shapes[i], &wanted[i])) {
      return Fail(error, PARE_INVALID_ARGUMENT, "shapes[%zu] is not a shape", i);
    }
  }
  return Report(error, session->session.Resize({wanted, count}), session->model);
}

pare_status pare_session_resize_input(pare_session* session, uint32_t i, const pare_shape* shape,
                                      pare_error* error) {
  Shape wanted;
  if (i >= session->session.input_count()) {
    return NoSuchTensor(error, "input", i, session->session.input_count());
  }
  if (!Import(*shape, &wanted)) {
    return Fail(error, PARE_INVALID_ARGUMENT,
                "input '%s': more than %d dimensions or a negative one",
                session->session.input_name(i), PARE_MAX_RANK);
  }
  return Report(error, session->session.Resize(i, wanted), session->model);
}

pare_status pare_session_bind_input(pare_session* session, uint32_t i, void* data, size_t bytes,
                                    pare_error* error) {
  if (i >= session->session.input_count()) {
    return NoSuchTensor(error, "input", i, session->session.input_count());
  }
  return Report(error, session->session.BindInput(i, data, bytes), session->model);
}

pare_status pare_session_bind_output(pare_session* session, uint32_t i, void* data, size_t bytes,
                                     pare_error* error) {
  if (i >= session->session.output_count()) {
    return NoSuchTensor(error, "output", i, session->session.output_count());
  }
  return Report(error, session->session.BindOutput(i, data, bytes), session->model);
}

pare_status pare_session_run(pare_session* session, pare_error* error) {
  return Finish(session, session->session.Run(), error);
}

pare_status pare_session_run_profiled(pare_session* session, uint64_t* nanoseconds,
                                      pare_error* error) {
  return Finish(session, session->session.RunProfiled(nanoseconds), error);
}

void pare_session_cancel(pare_session* session) {
  session->cancelled.store(true, std::memory_order_relaxed);
}

void pare_session_reset_state(pare_session* session) { session->session.ResetState(); }

void pare_session_memory(const pare_session* session, pare_memory* memory) {
  *memory = {session->arena_bytes, session->needs.activation_bytes, session->needs.scratch_bytes,
             session->needs.plan_bytes};
}

uint32_t pare_session_threads(const pare_session* session) {
  return static_cast<uint32_t>(session->session.threads());
}
uint32_t pare_session_placed_threads(const pare_session* session) {
  return static_cast<uint32_t>(session->session.placed_threads());
}
const char* pare_session_cpu(const pare_session* session) {
  return pare::CpuLevelName(session->cpu);
}

uint32_t pare_session_step_count(const pare_session* session) {
  return session->session.step_count();
}

pare_status pare_session_step(const pare_session* session, uint32_t i, pare_step* out) {
  if (i >= session->session.step_count()) return PARE_INVALID_ARGUMENT;
  static constexpr const char* kModes[] = {"run", "infer", "dynamic", "joined"};
  const pare::Plan& plan = session->session.plan();
  const pare::Step& step = session->session.step(i);
  const fb::Node& node = *plan.graph().nodes()->Get(static_cast<uint32_t>(step.node));
  *out = {};
  out->node = step.node;
  out->name = Text(node.name());
  out->op = step.op->name;
  out->kernel = step.kernel == nullptr ? "" : step.kernel;
  out->mode = kModes[static_cast<int>(step.mode)];
  out->offset = PARE_NO_OFFSET;
  out->scratch = step.scratch_bytes;
  for (uint32_t o = 0; o < Count(node.outputs()); ++o) {
    if (node.outputs()->Get(o) < 0) continue;
    const auto value = static_cast<uint32_t>(node.outputs()->Get(o));
    const Tensor& tensor = plan.value(value);
    out->dtype = static_cast<pare_dtype>(tensor.dtype);
    Export(tensor.shape, &out->shape);
    out->bytes = tensor.Bytes();
    const int32_t buffer = plan.buffer_of(value);
    if (buffer != pare::kNoBuffer) out->offset = plan.buffer(buffer).offset;
    break;
  }
  return PARE_OK;
}
