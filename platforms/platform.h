/* What Pare asks of an operating system. Each folder beside this file implements it once; the build
 * links one. C, so that a port needs no C++. All functions are thread-safe. */
#ifndef PARE_PLATFORM_H_
#define PARE_PLATFORM_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Memory aligned to `alignment` (a power of two), or NULL. Freed by pare_platform_free (NULL: no
 * effect). */
void* pare_platform_alloc(size_t bytes, size_t alignment);
void pare_platform_free(void* p);

/* A file mapped read-only into memory. data is page-aligned, NULL where bytes is 0. */
typedef struct pare_mapping {
  const void* data;
  size_t bytes;
} pare_mapping;

/* Maps the whole file. Returns 0, or the system's errno value. The mapping outlives the open file.
 */
int pare_platform_map(const char* path, pare_mapping* out);
/* The system may take back the memory of a mapping's bytes; they are read from the file again when
 * they are touched. */
void pare_platform_forget(const void* data, size_t bytes);
/* Drops a mapping; pointers into it die. */
void pare_platform_unmap(pare_mapping* mapping);

/* Monotonic time, nanoseconds, since an arbitrary start. */
uint64_t pare_platform_now_ns(void);

/* Fills `cores` (room for `capacity`) with the logical cores of the fastest cluster that this
 * process may run on; returns how many there are (at least 1). */
size_t pare_platform_fast_cores(int* cores, size_t capacity);
/* Keeps the calling thread on those cores and reads back whether it is: how many cores it may run
 * on then, or 0 where the system refuses. Does nothing where it may run on no others. */
size_t pare_platform_stay_on_fast_cores(void);

/* A thread that runs run(argument). Returns 0, or an errno value. */
typedef struct pare_thread {
  uintptr_t handle;
} pare_thread;
int pare_platform_thread_start(pare_thread* thread, void* (*run)(void*), void* argument);
/* Waits until it has returned. */
void pare_platform_thread_join(pare_thread* thread);

/* Sleeps while *word == value, which another thread changes before it calls wake. May return early.
 * Wakes at most `count` sleepers. */
void pare_platform_wait(const uint32_t* word, uint32_t value);
void pare_platform_wake(const uint32_t* word, uint32_t count);
/* In a loop that waits for another core: tells the core so; lets another thread have it. */
void pare_platform_relax(void);
void pare_platform_yield(void);

/* Peak and current resident memory of the process, bytes; 0 where unknown. */
uint64_t pare_platform_peak_rss(void);
uint64_t pare_platform_rss(void);

/* Asks that threads of this process may use the tile registers of x86 (AMX), whose state the system
 * keeps only for processes that ask. Returns whether they may. */
int pare_platform_allow_tiles(void);

/* Temperature of the hottest CPU zone in millidegrees Celsius, or -1 where unknown. */
int pare_platform_temperature(void);

#ifdef __cplusplus
}
#endif

#endif /* PARE_PLATFORM_H_ */
