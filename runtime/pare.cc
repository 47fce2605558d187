// The C API: versions, errors and models. Sessions are in pare_session.cc.
#include "runtime/pare.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <new>
#include <utility>

#include "runtime/core/arena.h"
#include "runtime/pare_internal.h"

namespace fb = pare::fb;
using pare::Code;
using pare::Count;
using pare::Fail;
using pare::Report;
using pare::Span;
using pare::Status;
using pare::Text;

static_assert(PARE_INTERNAL == static_cast<int>(Code::kInternal));
static_assert(PARE_BOOL == static_cast<int>(pare::DType::kBool));
static_assert(PARE_MAX_RANK == pare::kMaxRank);

#define PARE_TEXT_(x) #x
#define PARE_TEXT(x) PARE_TEXT_(x)

namespace pare {

pare_status Fail(pare_error* error, pare_status status, const char* format, ...) {
  if (error != nullptr) {
    error->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
  }
  return status;
}

pare_status Report(pare_error* error, Status status, const Model* model, const char* path) {
  const auto code = static_cast<pare_status>(status.code);
  if (!status.ok() && error != nullptr) {
    error->status = code;
    DescribeStatus(status, model, *path == '\0' ? nullptr : path, error->message,
                   sizeof error->message);
  }
  return code;
}

}  // namespace pare

namespace {

// strerror_r is the GNU one or the POSIX one.
[[maybe_unused]] const char* ErrorText(int, const char* buffer) { return buffer; }
[[maybe_unused]] const char* ErrorText(const char* text, const char*) { return text; }

pare_status FailIo(pare_error* error, const char* verb, const char* path, int number) {
  char buffer[96] = "unknown error";
  const char* text = ErrorText(strerror_r(number, buffer, sizeof buffer), buffer);
  return Fail(error, number == ENOENT ? PARE_NOT_FOUND : PARE_IO, "%s: cannot %s: %s", path, verb,
              text);
}

// The whole file in memory of the library, or null where *error says why. Mapped for a moment to
// learn its size and whether it is a file at all.
void* Load(const char* path, size_t* bytes, pare_error* error) {
  pare_mapping mapping;
  if (const int number = pare_platform_map(path, &mapping); number != 0) {
    FailIo(error, "open it", path, number);
    return nullptr;
  }
  *bytes = mapping.bytes;
  pare_platform_unmap(&mapping);
  FILE* file = fopen(path, "rb");
  if (file == nullptr) {
    FailIo(error, "open it", path, errno);
    return nullptr;
  }
  void* data = pare_platform_alloc(*bytes, pare::kAlignment);
  if (data == nullptr) {
    Fail(error, PARE_OUT_OF_MEMORY, "%s: no memory for its %zu bytes; map it instead", path,
         *bytes);
  } else if (fread(data, 1, *bytes, file) != *bytes) {
    FailIo(error, "read it", path, ferror(file) != 0 ? errno : EIO);
    pare_platform_free(data);
    data = nullptr;
  }
  fclose(file);
  return data;
}

pare_status Open(Span<const std::byte> file, const char* path, pare_mapping mapping, void* owned,
                 pare_model** out, pare_error* error) {
  auto opened = pare::Model::Open(file);
  if (!opened.ok()) return Report(error, opened.status(), nullptr, path);
  const size_t length = std::strlen(path) + 1;
  void* memory = pare_platform_alloc(sizeof(pare_model) + length, alignof(std::max_align_t));
  if (memory == nullptr) return Fail(error, PARE_OUT_OF_MEMORY, "%s: out of memory", path);
  auto* model = new (memory) pare_model{std::move(opened).value(), mapping, owned, file};
  std::memcpy(model->path, path, length);
  *out = model;
  return PARE_OK;
}

const fb::Graph* EntryGraph(const pare_model* model, const char* entry) {
  const auto found = model->model.FindEntry(entry);
  return found.ok() ? &model->model.graph(found.value()) : nullptr;
}

pare_status Describe(const pare_model* model, const fb::Graph& graph,
                     const flatbuffers::Vector<int32_t>* list, uint32_t i, pare_value_info* info) {
  if (i >= Count(list)) return PARE_INVALID_ARGUMENT;
  const fb::Value& value = *graph.values()->Get(static_cast<uint32_t>(list->Get(i)));
  *info = {};
  info->name = Text(value.name());
  info->dtype = static_cast<pare_dtype>(value.dtype());
  info->shape.rank = static_cast<int32_t>(Count(value.dims()));
  for (uint32_t d = 0; d < Count(value.dims()) && d < PARE_MAX_RANK; ++d) {
    const fb::Dim& dim = *value.dims()->Get(d);
    info->shape.dims[d] = dim.value() >= 0 ? dim.value() : -1;
    const bool plain = dim.mul() == 1 && dim.add() == 0 && dim.div() == 1;
    if (dim.value() < 0 && dim.symbol() >= 0 && plain) {
      const auto& symbols = *model->model.metadata().symbols();
      info->dim_names[d] = Text(symbols.Get(static_cast<uint32_t>(dim.symbol()))->name());
    }
  }
  return PARE_OK;
}

}  // namespace

// ---- Version, names

uint32_t pare_version(void) {
  return PARE_VERSION_MAJOR * 10000 + PARE_VERSION_MINOR * 100 + PARE_VERSION_PATCH;
}

const char* pare_version_string(void) {
  return PARE_TEXT(PARE_VERSION_MAJOR) "." PARE_TEXT(PARE_VERSION_MINOR) "." PARE_TEXT(
      PARE_VERSION_PATCH);
}

const char* pare_status_name(pare_status status) {
  static constexpr const char* kNames[] = {"ok",
                                           "invalid argument",
                                           "not found",
                                           "I/O error",
                                           "corrupt file",
                                           "unsupported",
                                           "shapes do not fit",
                                           "unknown size",
                                           "out of memory",
                                           "cancelled",
                                           "internal error"};
  const auto i = static_cast<unsigned>(status);
  return i <= PARE_INTERNAL ? kNames[i] : "unknown status";
}

const char* pare_dtype_name(pare_dtype dtype) {
  const auto i = static_cast<unsigned>(dtype);
  return i < pare::kDTypeCount ? pare::NameOf(static_cast<pare::DType>(i)) : "?";
}

size_t pare_dtype_size(pare_dtype dtype) {
  const auto i = static_cast<unsigned>(dtype);
  return i < pare::kDTypeCount ? pare::SizeOf(static_cast<pare::DType>(i)) : 0;
}

// ---- Models

pare_status pare_model_open(const char* path, uint32_t flags, pare_model** model,
                            pare_error* error) {
  if (model == nullptr) return Fail(error, PARE_INVALID_ARGUMENT, "pare_model_open: model is NULL");
  *model = nullptr;
  if (path == nullptr || (flags & ~uint32_t{PARE_OPEN_LOAD}) != 0) {
    return Fail(error, PARE_INVALID_ARGUMENT, "pare_model_open: no path, or unknown flags");
  }
  if ((flags & PARE_OPEN_LOAD) != 0) {
    size_t bytes = 0;
    pare_error why = {};
    void* data = Load(path, &bytes, &why);
    if (data == nullptr) {
      if (error != nullptr) *error = why;
      return why.status;
    }
    const pare_status status =
        Open({static_cast<std::byte*>(data), bytes}, path, {}, data, model, error);
    if (status != PARE_OK) pare_platform_free(data);
    return status;
  }
  pare_mapping mapping;
  if (const int number = pare_platform_map(path, &mapping); number != 0) {
    return FailIo(error, "open it", path, number);
  }
  const pare_status status = Open({static_cast<const std::byte*>(mapping.data), mapping.bytes},
                                  path, mapping, nullptr, model, error);
  if (status != PARE_OK) pare_platform_unmap(&mapping);
  return status;
}

pare_status pare_model_open_memory(const void* data, size_t bytes, pare_model** model,
                                   pare_error* error) {
  if (model == nullptr) {
    return Fail(error, PARE_INVALID_ARGUMENT, "pare_model_open_memory: model is NULL");
  }
  *model = nullptr;
  if (data == nullptr || reinterpret_cast<uintptr_t>(data) % pare::kAlignment != 0) {
    return Fail(error, PARE_INVALID_ARGUMENT,
                "pare_model_open_memory: data is NULL or not aligned to %zu bytes",
                pare::kAlignment);
  }
  return Open({static_cast<const std::byte*>(data), bytes}, "", {}, nullptr, model, error);
}

void pare_model_close(pare_model* model) {
  if (model == nullptr) return;
  pare_platform_unmap(&model->mapping);
  pare_platform_free(model->owned);
  model->~pare_model();
  pare_platform_free(model);
}

pare_status pare_model_verify(const pare_model* model, pare_error* error) {
  const uint32_t count = Count(model->model.metadata().weights());
  for (uint32_t i = 0; i < count; ++i) {
    if (const Status status = model->model.VerifyWeight(i); !status.ok()) {
      return Fail(error, static_cast<pare_status>(status.code), "%s: weight '%s': %s", model->path,
                  Text(model->model.metadata().weights()->Get(i)->name()), status.what);
    }
  }
  for (uint32_t i = 0; i < pare_model_asset_count(model); ++i) {
    const Span<const std::byte> asset = model->model.AssetData(i);
    if (pare::Crc32c(asset.data, asset.size) !=
        model->model.metadata().assets()->Get(i)->checksum()) {
      return Fail(error, PARE_CORRUPT, "%s: asset '%s': its bytes do not match their checksum",
                  model->path, pare_model_asset_name(model, i));
    }
  }
  return PARE_OK;
}

uint64_t pare_model_bytes(const pare_model* model) { return model->file.size; }
const char* pare_model_producer(const pare_model* model) {
  return Text(model->model.metadata().producer());
}
uint32_t pare_model_format(const pare_model* model) {
  return reinterpret_cast<const pare::FileHeader*>(model->file.data)->version;
}

uint64_t pare_model_hash(const pare_model* model) {
  const auto& header = *reinterpret_cast<const pare::FileHeader*>(model->file.data);
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (uint64_t i = 0; i < header.metadata_bytes; ++i) {
    hash = (hash ^ static_cast<uint8_t>(model->file[header.metadata_offset + i])) * 0x100000001b3;
  }
  return hash;
}

uint32_t pare_model_metadata_count(const pare_model* model) {
  return Count(model->model.metadata().metadata());
}
const char* pare_model_metadata_key(const pare_model* model, uint32_t i) {
  return Text(model->model.metadata().metadata()->Get(i)->key());
}
const char* pare_model_metadata_value(const pare_model* model, uint32_t i) {
  return Text(model->model.metadata().metadata()->Get(i)->value());
}
const char* pare_model_metadata(const pare_model* model, const char* key) {
  for (uint32_t i = 0; i < pare_model_metadata_count(model); ++i) {
    if (std::strcmp(pare_model_metadata_key(model, i), key) == 0) {
      return pare_model_metadata_value(model, i);
    }
  }
  return nullptr;
}

uint32_t pare_model_asset_count(const pare_model* model) {
  return Count(model->model.metadata().assets());
}
const char* pare_model_asset_name(const pare_model* model, uint32_t i) {
  return Text(model->model.metadata().assets()->Get(i)->name());
}
const void* pare_model_asset(const pare_model* model, const char* name, size_t* bytes) {
  for (uint32_t i = 0; i < pare_model_asset_count(model); ++i) {
    if (std::strcmp(pare_model_asset_name(model, i), name) == 0) {
      const Span<const std::byte> data = model->model.AssetData(i);
      *bytes = data.size;
      return data.data;
    }
  }
  return nullptr;
}

uint32_t pare_model_entry_count(const pare_model* model) {
  return Count(model->model.metadata().entries());
}
const char* pare_model_entry_name(const pare_model* model, uint32_t i) {
  return Text(model->model.metadata().entries()->Get(i)->name());
}

uint32_t pare_model_input_count(const pare_model* model, const char* entry) {
  const fb::Graph* graph = EntryGraph(model, entry);
  return graph == nullptr ? 0 : Count(graph->inputs());
}
uint32_t pare_model_output_count(const pare_model* model, const char* entry) {
  const fb::Graph* graph = EntryGraph(model, entry);
  return graph == nullptr ? 0 : Count(graph->outputs());
}
pare_status pare_model_input(const pare_model* model, const char* entry, uint32_t i,
                             pare_value_info* info) {
  const fb::Graph* graph = EntryGraph(model, entry);
  return graph == nullptr ? PARE_NOT_FOUND : Describe(model, *graph, graph->inputs(), i, info);
}
pare_status pare_model_output(const pare_model* model, const char* entry, uint32_t i,
                              pare_value_info* info) {
  const fb::Graph* graph = EntryGraph(model, entry);
  return graph == nullptr ? PARE_NOT_FOUND : Describe(model, *graph, graph->outputs(), i, info);
}
