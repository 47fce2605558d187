// platform.h for Linux, Android and other POSIX systems.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platforms/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

namespace {

// A number from a one-line file of the kernel, or -1. Workers of a thread pool call this while a
// run may be under way: it must not allocate, which fopen does.
long ReadNumber(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  char text[32];
  const ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return -1;
  text[length] = '\0';
  char* end;
  const long value = strtol(text, &end, 10);
  return end == text ? -1 : value;
}

// The kilobytes that /proc/self/status gives for `key`, in bytes; 0 where it does not say.
uint64_t StatusBytes(const char* key) {
  FILE* f = fopen("/proc/self/status", "re");
  if (f == nullptr) return 0;
  char line[128];
  unsigned long kilobytes = 0;
  const size_t length = strlen(key);
  while (fgets(line, sizeof line, f) != nullptr) {
    if (strncmp(line, key, length) == 0 && line[length] == ':') {
      kilobytes = strtoul(line + length + 1, nullptr, 10);
      break;
    }
  }
  fclose(f);
  return static_cast<uint64_t>(kilobytes) * 1024;
}

// What tells fast cores from slow ones; the same for all where the kernel does not say.
long Capacity(int core) {
  char path[96];
  snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpu_capacity", core);
  const long capacity = ReadNumber(path);
  if (capacity > 0) return capacity;
  snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/cpuinfo_max_freq", core);
  return ReadNumber(path);
}

void AllowedCores(cpu_set_t* allowed) {
  CPU_ZERO(allowed);
  if (sched_getaffinity(0, sizeof *allowed, allowed) != 0) CPU_SET(0, allowed);
}

// Of the allowed cores, those that are as fast as the fastest.
void FastCores(const cpu_set_t& allowed, cpu_set_t* fast) {
  CPU_ZERO(fast);
  long best = -1;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed)) continue;
    const long speed = Capacity(core);
    if (speed > best) {
      best = speed;
      CPU_ZERO(fast);
    }
    if (speed == best) CPU_SET(core, fast);
  }
}

}  // namespace

void* pare_platform_alloc(size_t bytes, size_t alignment) {
  void* p = nullptr;
  if (posix_memalign(&p, alignment, bytes == 0 ? 1 : bytes) != 0) return nullptr;
  return p;
}

void pare_platform_free(void* p) { free(p); }

int pare_platform_map(const char* path, pare_mapping* out) {
  out->data = nullptr;
  out->bytes = 0;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  struct stat info;
  int error = 0;
  if (fstat(fd, &info) != 0) {
    error = errno;
  } else if (!S_ISREG(info.st_mode)) {
    error = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
  } else if (static_cast<uint64_t>(info.st_size) > SIZE_MAX) {
    error = EFBIG;
  } else if (info.st_size > 0) {
    void* p = mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) {
      error = errno;
    } else {
      out->data = p;
      out->bytes = static_cast<size_t>(info.st_size);
    }
  }
  close(fd);
  return error;
}

void pare_platform_forget(const void* data, size_t bytes) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(data) + page - 1) / page * page;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(data) + bytes) / page * page;
  if (begin < end) (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

void pare_platform_unmap(pare_mapping* mapping) {
  if (mapping->data != nullptr) munmap(const_cast<void*>(mapping->data), mapping->bytes);
  mapping->data = nullptr;
  mapping->bytes = 0;
}

uint64_t pare_platform_now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000000000u + static_cast<uint64_t>(t.tv_nsec);
}

size_t pare_platform_fast_cores(int* cores, size_t capacity) {
  cpu_set_t allowed, fast;
  AllowedCores(&allowed);
  FastCores(allowed, &fast);
  size_t count = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &fast)) continue;
    if (count < capacity) cores[count] = core;
    ++count;
  }
  return count > 0 ? count : 1;
}

size_t pare_platform_stay_on_fast_cores(void) {
  cpu_set_t allowed, fast;
  AllowedCores(&allowed);
  FastCores(allowed, &fast);
  if (!CPU_EQUAL(&allowed, &fast)) {
    if (sched_setaffinity(0, sizeof fast, &fast) != 0) return 0;
    AllowedCores(&allowed);
    if (!CPU_EQUAL(&allowed, &fast)) return 0;
  }
  return static_cast<size_t>(CPU_COUNT(&fast));
}

int pare_platform_thread_start(pare_thread* thread, void* (*run)(void*), void* argument) {
  pthread_t handle;
  const int error = pthread_create(&handle, nullptr, run, argument);
  // A number on some systems, a pointer on others.
  static_assert(sizeof handle <= sizeof thread->handle);
  if (error == 0) memcpy(&thread->handle, &handle, sizeof handle);
  return error;
}

void pare_platform_thread_join(pare_thread* thread) {
  pthread_t handle;
  memcpy(&handle, &thread->handle, sizeof handle);
  pthread_join(handle, nullptr);
}

#ifdef __linux__
void pare_platform_wait(const uint32_t* word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}
void pare_platform_wake(const uint32_t* word, uint32_t count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}
#else
// One lock for all words: who wakes wakes everyone.
static pthread_mutex_t wait_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wait_changed = PTHREAD_COND_INITIALIZER;

void pare_platform_wait(const uint32_t* word, uint32_t value) {
  pthread_mutex_lock(&wait_lock);
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) == value) {
    pthread_cond_wait(&wait_changed, &wait_lock);
  }
  pthread_mutex_unlock(&wait_lock);
}
void pare_platform_wake(const uint32_t*, uint32_t) {
  pthread_mutex_lock(&wait_lock);
  pthread_cond_broadcast(&wait_changed);
  pthread_mutex_unlock(&wait_lock);
}
#endif

#if defined(__x86_64__) || defined(__i386__)
void pare_platform_relax(void) { __builtin_ia32_pause(); }
#elif defined(__aarch64__) || defined(__arm__)
void pare_platform_relax(void) { __asm__ volatile("yield"); }
#else
void pare_platform_relax(void) {}
#endif

void pare_platform_yield(void) { sched_yield(); }

uint64_t pare_platform_peak_rss(void) { return StatusBytes("VmHWM"); }
uint64_t pare_platform_rss(void) { return StatusBytes("VmRSS"); }

int pare_platform_allow_tiles(void) {
#if defined(__linux__) && defined(__x86_64__)
  constexpr long kRequestState = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, of Linux 5.16
  return syscall(SYS_arch_prctl, kRequestState, kTileData) == 0;
#else
  return 0;
#endif
}

int pare_platform_temperature(void) {
  long hottest = -1;
  for (int zone = 0; zone < 64; ++zone) {
    char path[64];
    snprintf(path, sizeof path, "/sys/class/thermal/thermal_zone%d/temp", zone);
    const long t = ReadNumber(path);
    if (t > hottest) hottest = t;
  }
  return static_cast<int>(hottest);
}
