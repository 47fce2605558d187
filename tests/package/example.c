/* Runs a model on inputs of 0.5 and prints what comes out: example MODEL.pare */
#include <pare.h>
#include <stdio.h>

static int fail(const pare_error* error) {
  fprintf(stderr, "example: %s\n", error->message);
  return 1;
}

int main(int argc, char** argv) {
  pare_error error;
  pare_model* model;
  pare_session* session;
  pare_tensor tensor;
  if (argc != 2) return 2;
  if (pare_model_open(argv[1], 0, &model, &error) != PARE_OK) return fail(&error);
  if (pare_session_create(model, NULL, &session, &error) != PARE_OK) return fail(&error);
  for (uint32_t i = 0; pare_session_input(session, i, &tensor) == PARE_OK; ++i) {
    if (tensor.dtype != PARE_F32) continue;
    for (size_t k = 0; k < tensor.bytes / sizeof(float); ++k) ((float*)tensor.data)[k] = 0.5f;
  }
  if (pare_session_run(session, &error) != PARE_OK) return fail(&error);
  for (uint32_t i = 0; pare_session_output(session, i, &tensor) == PARE_OK; ++i) {
    const float* data = tensor.data;
    printf("%s: %zu bytes of %s, the first is %g\n", tensor.name, tensor.bytes,
           pare_dtype_name(tensor.dtype), tensor.dtype == PARE_F32 && tensor.bytes ? data[0] : 0.0);
  }
  pare_session_destroy(session);
  pare_model_close(model);
  return 0;
}
