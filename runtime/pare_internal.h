// What the two halves of the C API share: the model's handle and how errors are reported.
#pragma once

#include "model_generated.h"
#include "platforms/platform.h"
#include "runtime/model/model.h"
#include "runtime/pare.h"

struct pare_model {
  pare::Model model;
  pare_mapping mapping;  // of a mapped file
  void* owned;           // of a loaded file
  pare::Span<const std::byte> file;
  char path[];  // for messages; "" in memory
};

namespace pare {

// Fills *error (may be null) and returns status.
__attribute__((format(printf, 3, 4))) pare_status Fail(pare_error* error, pare_status status,
                                                       const char* format, ...);

// The status of the runtime, in the names of `model` (may be null). Leaves *error alone where ok.
pare_status Report(pare_error* error, Status status, const Model* model, const char* path);
inline pare_status Report(pare_error* error, Status status, const pare_model* model) {
  return Report(error, status, &model->model, model->path);
}

inline const char* Text(const flatbuffers::String* s) { return s == nullptr ? "" : s->c_str(); }
template <class T>
uint32_t Count(const flatbuffers::Vector<T>* v) {
  return v == nullptr ? 0 : v->size();
}

}  // namespace pare
