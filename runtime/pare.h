/* Pare: runs a .pare file, a neural network that `pare convert` made small. The C API.
 *
 *   pare_model* model;
 *   pare_session* session;
 *   pare_error error;
 *   if (pare_model_open("net.pare", 0, &model, &error) != PARE_OK ||
 *       pare_session_create(model, NULL, &session, &error) != PARE_OK) {
 *     fprintf(stderr, "%s\n", error.message);
 *     return 1;
 *   }
 *   pare_session_set_input(session, 0, pixels, sizeof pixels, &error);
 *   pare_session_run(session, &error);
 *   pare_tensor scores;
 *   pare_session_output(session, 0, &scores);      // scores.data, scores.shape
 *   pare_session_destroy(session);
 *   pare_model_close(model);
 *
 * Rules that hold for every function:
 * - Errors. A function that can fail returns a pare_status and takes a pare_error of the caller as
 *   its last argument, which may be NULL. It writes the error only when it fails. Results are
 *   written only when it succeeds; a handle is set to NULL when it fails. Nothing aborts, prints or
 *   throws.
 * - Ownership. Handles belong to the caller, who closes them. Every other pointer that Pare returns
 *   belongs to the model or session it was taken from and lives as long as that; nothing that it
 *   returns is to be freed. Arguments are read during the call only, unless the function says
 *   otherwise.
 * - Threads. A model is immutable and may be used by any number of threads. A session is used by
 *   one thread at a time (pare_session_cancel apart); sessions of one model may run in parallel.
 * - Memory. Nothing allocates after pare_session_create: run, resize, bind and reset cannot run out
 *   of memory. Sizes are in bytes, times in nanoseconds.
 * - Values. Tensors are dense and row-major, outermost dimension first, in the machine's byte
 *   order. Strings are UTF-8 and end in '\0'.
 */
#ifndef PARE_H_
#define PARE_H_

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PARE_API __attribute__((visibility("default")))
#else
#define PARE_API
#endif

#ifdef __cplusplus
#define PARE_ENUM(name) enum name : int /* any int may be passed, and is told apart */
extern "C" {
#else
#define PARE_ENUM(name) enum name
#endif

#define PARE_VERSION_MAJOR 0
#define PARE_VERSION_MINOR 1
#define PARE_VERSION_PATCH 0

/* The version of the library that runs: major * 10000 + minor * 100 + patch. */
PARE_API uint32_t pare_version(void);
/* "0.1.0" */
PARE_API const char* pare_version_string(void);

/* ---- Errors */

/* Numbers never change. */
typedef PARE_ENUM(pare_status){
    PARE_OK = 0,
    PARE_INVALID_ARGUMENT = 1, /* the caller passed something that the contract forbids */
    PARE_NOT_FOUND = 2,        /* no such file, input, output, dimension or entry point */
    PARE_IO = 3,               /* the operating system refused to open, map or read */
    PARE_CORRUPT = 4,          /* the file is damaged or no .pare file */
    PARE_UNSUPPORTED = 5,      /* valid, but this build or version cannot do it */
    PARE_SHAPE = 6,            /* shapes or types do not fit the model */
    PARE_UNKNOWN_SIZE = 7,     /* a size depends on a value: give it in pare_input_hint.values */
    PARE_OUT_OF_MEMORY = 8,    /* an allocation failed, or an arena or a plan is too small */
    PARE_CANCELLED = 9,        /* pare_session_cancel was called */
    PARE_INTERNAL = 10         /* a bug in Pare */
} pare_status;

/* "out of memory"; never NULL. */
PARE_API const char* pare_status_name(pare_status status);

/* Filled by a function that fails. Plain data of the caller. */
typedef struct pare_error {
  pare_status status;
  char message[508]; /* "net.pare: node 12 'conv1' (Conv): reason; way out", cut where too long */
} pare_error;

/* ---- Values */

/* Numbers never change. */
typedef PARE_ENUM(pare_dtype){
    PARE_F32 = 0,  PARE_F16 = 1,  PARE_BF16 = 2, PARE_F64 = 3, PARE_I8 = 4,
    PARE_U8 = 5,   PARE_I16 = 6,  PARE_U16 = 7,  PARE_I32 = 8, PARE_U32 = 9,
    PARE_I64 = 10, PARE_U64 = 11, PARE_BOOL = 12 /* one byte, 0 or 1 */
} pare_dtype;

/* "f32", "i64", "bool"; "?" for a number that is no pare_dtype. */
PARE_API const char* pare_dtype_name(pare_dtype dtype);
/* Bytes of an element; 0 for a number that is no pare_dtype. */
PARE_API size_t pare_dtype_size(pare_dtype dtype);

#define PARE_MAX_RANK 8

/* rank 0: a scalar, one element. */
typedef struct pare_shape {
  int32_t rank;
  int64_t dims[PARE_MAX_RANK];
} pare_shape;

/* ---- Models */

typedef struct pare_model pare_model;

enum {
  /* Reads the file into memory instead of mapping it: for files that may be truncated or
   * overwritten while they are in use. Costs the file's size in memory. */
  PARE_OPEN_LOAD = 1
};

/* Opens a file, mapped unless flags (0 or PARE_OPEN_ values, or-ed) say otherwise, and checks all
 * of its structure. Weights are paged in by the first run that reads them. A mapped file must not
 * be truncated or changed while the model is open; replacing it by rename is safe. */
PARE_API pare_status pare_model_open(const char* path, uint32_t flags, pare_model** model,
                                     pare_error* error);
/* The same for a file in memory: `data` is aligned to 64 bytes, is not copied, and must stay
 * unchanged until the model is closed. */
PARE_API pare_status pare_model_open_memory(const void* data, size_t bytes, pare_model** model,
                                            pare_error* error);
/* Close the model's sessions first. NULL: no effect. */
PARE_API void pare_model_close(pare_model* model);

/* Reads every weight and asset and compares checksums. PARE_CORRUPT names the first that differs.
 */
PARE_API pare_status pare_model_verify(const pare_model* model, pare_error* error);

/* Bytes of the file. */
PARE_API uint64_t pare_model_bytes(const pare_model* model);
/* Who wrote the file ("pare 0.1.0"), "" where it does not say. */
PARE_API const char* pare_model_producer(const pare_model* model);
/* A hash of the graph and of the checksums of its weights: the same bytes, the same hash. */
PARE_API uint64_t pare_model_hash(const pare_model* model);
/* The version of the file format. */
PARE_API uint32_t pare_model_format(const pare_model* model);

/* Strings that travel with the model: labels, the source's metadata. NULL where it has no `key`. */
PARE_API const char* pare_model_metadata(const pare_model* model, const char* key);
PARE_API uint32_t pare_model_metadata_count(const pare_model* model);
/* Key and value of entry i, below the count. */
PARE_API const char* pare_model_metadata_key(const pare_model* model, uint32_t i);
PARE_API const char* pare_model_metadata_value(const pare_model* model, uint32_t i);

/* Files that travel with the model: a tokenizer, a list of labels. NULL where there is no asset
 * `name`; otherwise *bytes is its size. */
PARE_API const void* pare_model_asset(const pare_model* model, const char* name, size_t* bytes);
PARE_API uint32_t pare_model_asset_count(const pare_model* model);
PARE_API const char* pare_model_asset_name(const pare_model* model, uint32_t i);

/* Entry points: graphs of the model that a session can run. Most models have one. */
PARE_API uint32_t pare_model_entry_count(const pare_model* model);
PARE_API const char* pare_model_entry_name(const pare_model* model, uint32_t i);

/* An input or output as the model declares it. */
typedef struct pare_value_info {
  const char* name;
  pare_dtype dtype;
  pare_shape shape;                     /* -1 where the size is not fixed */
  const char* dim_names[PARE_MAX_RANK]; /* "batch", or NULL */
} pare_value_info;

/* Inputs and outputs of entry point `entry` (NULL: the first), i below the count. Counts are 0
 * where there is no such entry point. */
PARE_API uint32_t pare_model_input_count(const pare_model* model, const char* entry);
PARE_API uint32_t pare_model_output_count(const pare_model* model, const char* entry);
PARE_API pare_status pare_model_input(const pare_model* model, const char* entry, uint32_t i,
                                      pare_value_info* info);
PARE_API pare_status pare_model_output(const pare_model* model, const char* entry, uint32_t i,
                                       pare_value_info* info);

/* ---- Sessions */

typedef struct pare_session pare_session;

/* The most that a named dimension of the model will be in this session. */
typedef struct pare_dim {
  const char* name;
  int64_t size;
} pare_dim;

/* What is known of an input before the session runs. */
typedef struct pare_input_hint {
  const char* name;
  const pare_shape* shape; /* the largest that it will have; NULL: from the model and the dims */
  /* Its elements, as many as the shape says, for small inputs whose values decide sizes (the
   * target of a Reshape); NULL: unknown. Copied: they are what the input holds at first. A run
   * with other values works where they need no more memory. */
  const void* values;
} pare_input_hint;

typedef PARE_ENUM(pare_log_level){PARE_LOG_INFO = 0, PARE_LOG_WARNING = 1} pare_log_level;
/* Called on the thread that creates the session, while it does; `message` lives during the call. */
typedef void (*pare_log)(void* context, pare_log_level level, const char* message);

/* Fill it by pare_session_options_init, then change what differs. */
typedef struct pare_session_options {
  size_t struct_size; /* sizeof(pare_session_options) of the caller */
  const char* entry;  /* entry point; NULL: the first */
  /* 1: the calling thread alone. n: the caller and n - 1 others, which sleep between runs. 0: one
   * for each core of the fastest cluster. */
  uint32_t threads;
  /* Highest instruction set level to use, "avx2", "neondot" ...; NULL: the machine's, or what
   * the environment variable PARE_CPU says. */
  const char* cpu;
  const pare_dim* dims;
  size_t dim_count;
  const pare_input_hint* inputs;
  size_t input_count;
  int64_t max_trips; /* of loops whose length only data tells */
  /* Memory of the session, aligned to 64 bytes, at least what pare_session_measure says for the
   * same model and options; it must outlive the session. NULL: allocated. */
  void* arena;
  size_t arena_bytes;
  pare_log log; /* NULL: none */
  void* log_context;
} pare_session_options;

/* The defaults: first entry point, 1 thread, nothing hinted, allocated arena, no log. */
PARE_API void pare_session_options_init(pare_session_options* options);

typedef struct pare_memory {
  uint64_t arena;       /* all of it; the parts that follow add up to nearly this */
  uint64_t activations; /* values between operators */
  uint64_t scratch;     /* working memory of the operator that runs */
  uint64_t plan;        /* the plan itself */
} pare_memory;

/* What pare_session_create will need, by the same code. options may be NULL: the defaults. */
PARE_API pare_status pare_session_measure(const pare_model* model,
                                          const pare_session_options* options, pare_memory* memory,
                                          pare_error* error);

/* Plans the model and allocates all that its runs will need. options may be NULL: the defaults.
 * The model must outlive the session. */
PARE_API pare_status pare_session_create(const pare_model* model,
                                         const pare_session_options* options,
                                         pare_session** session, pare_error* error);
/* NULL: no effect. A caller-given arena is the caller's again. */
PARE_API void pare_session_destroy(pare_session* session);

/* An input or output as it is now. `data` stays the same until the next resize or bind. */
typedef struct pare_tensor {
  const char* name;
  pare_dtype dtype;
  pare_shape shape;
  void* data;      /* aligned to 64 bytes unless the caller bound it */
  size_t bytes;    /* of its elements */
  size_t capacity; /* most bytes that it can have in this session */
} pare_tensor;

PARE_API uint32_t pare_session_input_count(const pare_session* session);
PARE_API uint32_t pare_session_output_count(const pare_session* session);
/* Index of the input or output of that name, or -1. */
PARE_API int32_t pare_session_find_input(const pare_session* session, const char* name);
PARE_API int32_t pare_session_find_output(const pare_session* session, const char* name);
/* Inputs are written through `data` before a run, which leaves them as they are. Outputs hold
 * results after a run, until the next. An output's shape follows the
 * inputs' after a resize; where its size depends on data, `shape` is the upper bound until a run
 * has set it. PARE_INVALID_ARGUMENT where i is not below the count. */
PARE_API pare_status pare_session_input(const pare_session* session, uint32_t i,
                                        pare_tensor* tensor);
PARE_API pare_status pare_session_output(const pare_session* session, uint32_t i,
                                         pare_tensor* tensor);

/* Copies an input's elements in, or an output's out. `bytes` must be the tensor's `bytes`. */
PARE_API pare_status pare_session_set_input(pare_session* session, uint32_t i, const void* data,
                                            size_t bytes, pare_error* error);
PARE_API pare_status pare_session_get_output(const pare_session* session, uint32_t i, void* data,
                                             size_t bytes, pare_error* error);

/* Gives every input its shape (shapes: input_count of them) and works out all others. The contents
 * of inputs and outputs are lost. PARE_SHAPE where the model cannot have these shapes,
 * PARE_OUT_OF_MEMORY where they need more than the session was planned for: create one with larger
 * dims or hints then. After a failure the session runs again once a resize has succeeded. */
PARE_API pare_status pare_session_resize(pare_session* session, const pare_shape* shapes,
                                         size_t count, pare_error* error);
/* The same for one input, where the others keep theirs. */
PARE_API pare_status pare_session_resize_input(pare_session* session, uint32_t i,
                                               const pare_shape* shape, pare_error* error);

/* Lets an input or output lie in memory of the caller, which avoids a copy: aligned to 64 bytes, at
 * least the tensor's `capacity` bytes and, for inputs, 16 more that may be read. It must outlive
 * the session or the next bind of i. NULL: back to the session's own. */
PARE_API pare_status pare_session_bind_input(pare_session* session, uint32_t i, void* data,
                                             size_t bytes, pare_error* error);
PARE_API pare_status pare_session_bind_output(pare_session* session, uint32_t i, void* data,
                                              size_t bytes, pare_error* error);

/* Computes every output from the inputs. */
PARE_API pare_status pare_session_run(pare_session* session, pare_error* error);
/* From any thread, or a signal handler: the run in progress, or the next one where none is, ends
 * before its next step with PARE_CANCELLED. The run after that is a normal one. */
PARE_API void pare_session_cancel(pare_session* session);

/* Sets values that live across runs (an LSTM's state, a cache) to what they were at first. */
PARE_API void pare_session_reset_state(pare_session* session);

/* ---- What a session does, for profiles and dumps */

PARE_API void pare_session_memory(const pare_session* session, pare_memory* memory);
PARE_API uint32_t pare_session_threads(const pare_session* session);
/* Of the threads that the session has started, those of which the system has confirmed that they
 * stay on the fastest cores. The calling thread stays where its owner wants it. */
PARE_API uint32_t pare_session_placed_threads(const pare_session* session);
/* "avx512vnni": the level that kernels were chosen for. */
PARE_API const char* pare_session_cpu(const pare_session* session);

#define PARE_NO_OFFSET UINT64_MAX

/* A step of a run: a node of the graph. */
typedef struct pare_step {
  int32_t node;       /* its number in the graph */
  const char* name;   /* "" where the model has none */
  const char* op;     /* "Conv" */
  const char* kernel; /* "conv_f32_t16_6x16_avx512"; "" where the operator has but one way */
  const char* mode; /* "run"; "infer": done while shapes are inferred; "dynamic": plans as it runs;
                     * "joined": the next step does it, piece by piece */
  pare_dtype dtype; /* of its first output, like the four that follow */
  pare_shape shape;
  uint64_t bytes;
  uint64_t offset;  /* in the activations; PARE_NO_OFFSET where it does not lie there */
  uint64_t scratch; /* bytes */
} pare_step;

PARE_API uint32_t pare_session_step_count(const pare_session* session);
/* PARE_INVALID_ARGUMENT where i is not below the count. */
PARE_API pare_status pare_session_step(const pare_session* session, uint32_t i, pare_step* step);
/* Like pare_session_run; adds the time of each step to nanoseconds[step_count]. */
PARE_API pare_status pare_session_run_profiled(pare_session* session, uint64_t* nanoseconds,
                                               pare_error* error);

#ifdef __cplusplus
}
#endif

#endif /* PARE_H_ */
