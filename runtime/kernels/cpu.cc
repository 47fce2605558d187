#include "runtime/kernels/cpu.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "platforms/platform.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__linux__)
#include <sys/auxv.h>
#endif

namespace pare {
namespace {

struct Level {
  const char* name;
  CpuMask keeps;  // bits that remain when PARE_CPU names this level
};

// Lowest first within each architecture.
constexpr Level kLevels[] = {
    {"scalar", kCpuScalar},
    {"avx2", kCpuAvx2},
    {"avxvnni", kCpuAvx2 | kCpuAvxVnni},
    {"avx512", kCpuAvx2 | kCpuAvxVnni | kCpuAvx512},
    {"avx512vnni", kCpuAvx2 | kCpuAvxVnni | kCpuAvx512 | kCpuAvx512Vnni | kCpuAvx512Vbmi2},
    {"amxint8",
     kCpuAvx2 | kCpuAvxVnni | kCpuAvx512 | kCpuAvx512Vnni | kCpuAvx512Vbmi2 | kCpuAmxInt8},
    {"neon", kCpuNeon},
    {"neondot", kCpuNeon | kCpuNeonDot},
    {"i8mm", kCpuNeon | kCpuNeonDot | kCpuNeonI8mm},
};

}  // namespace

#if defined(__x86_64__) || defined(__i386__)
CpuMask DetectCpu() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return kCpuScalar;
  const bool fma = c >> 12 & 1, osxsave = c >> 27 & 1, f16c = c >> 29 & 1;
  if (!fma || !osxsave || !f16c) return kCpuScalar;
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 6) != 6) return kCpuScalar;  // the system does not save ymm registers
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b >> 5 & 1)) return kCpuScalar;
  CpuMask mask = kCpuAvx2;
  const unsigned ebx = b, ecx = c, edx = d;
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1)) mask |= kCpuAvxVnni;
  constexpr unsigned kFoundation = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // F, DQ, BW, VL
  if ((low & 0xe6) == 0xe6 && (ebx & kFoundation) == kFoundation) {
    mask |= kCpuAvx512;
    if (ecx >> 11 & 1) mask |= kCpuAvx512Vnni;
    if (ecx >> 6 & 1) mask |= kCpuAvx512Vbmi2;
    constexpr unsigned kTiles = 1u << 24 | 1u << 25, kTileState = 1u << 17 | 1u << 18;
    if ((mask & kCpuAvx512Vnni) != 0 && (edx & kTiles) == kTiles &&
        (low & kTileState) == kTileState && pare_platform_allow_tiles() != 0)
      mask |= kCpuAmxInt8;
  }
  return mask;
}
#elif defined(__aarch64__) && defined(__linux__)
CpuMask DetectCpu() {
  CpuMask mask = kCpuNeon;
  if (getauxval(AT_HWCAP) >> 20 & 1) mask |= kCpuNeonDot;    // HWCAP_ASIMDDP
  if (getauxval(AT_HWCAP2) >> 13 & 1) mask |= kCpuNeonI8mm;  // HWCAP2_I8MM
  return mask;
}
#elif defined(__arm__) && defined(__linux__)
CpuMask DetectCpu() {
  const unsigned long caps = getauxval(AT_HWCAP);
  return (caps >> 12 & 1) && (caps >> 16 & 1) ? kCpuNeon : kCpuScalar;  // HWCAP_NEON, HWCAP_VFPv4
}
#elif defined(__aarch64__)
CpuMask DetectCpu() { return kCpuNeon; }
#else
CpuMask DetectCpu() { return kCpuScalar; }
#endif

bool LowerCpu(CpuMask host, const char* level, CpuMask* out) {
  *out = host;
  if (level == nullptr || *level == '\0') return true;
  for (const Level& l : kLevels) {
    if (std::strcmp(l.name, level) == 0) {
      *out = host & l.keeps;
      return true;
    }
  }
  return false;
}

// Not a function's static: its guard would be all that the library needs of libstdc++.
CpuMask HostCpu() {
  constexpr CpuMask kUnread = ~CpuMask{0};
  static std::atomic<CpuMask> known{kUnread};
  CpuMask mask = known.load(std::memory_order_relaxed);
  if (mask == kUnread) {
    (void)LowerCpu(DetectCpu(), std::getenv("PARE_CPU"), &mask);
    known.store(mask, std::memory_order_relaxed);
  }
  return mask;
}

const char* CpuLevelName(CpuMask mask) {
  const char* name = "scalar";
  CpuMask best = 0;
  for (const Level& l : kLevels) {
    // A level counts where the machine has the bit that the level adds.
    const CpuMask has = mask & l.keeps;
    if (has != best && (has & best) == best) {
      best = has;
      name = l.name;
    }
  }
  return name;
}

}  // namespace pare
