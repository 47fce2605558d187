// Which instruction sets kernels may use on this machine.
#pragma once

#include <cstdint>

namespace pare {

using CpuMask = uint32_t;

// A bit an instruction set level. A kernel's row names all bits that it needs.
enum CpuBit : CpuMask {
  kCpuScalar = 0,
  kCpuAvx2 = 1u << 0,     // AVX2, FMA, F16C
  kCpuAvxVnni = 1u << 1,  // VEX-encoded VNNI
  kCpuAvx512 = 1u << 2,   // F, BW, DQ, VL
  kCpuAvx512Vnni = 1u << 3,
  kCpuAvx512Vbmi2 = 1u << 4,
  kCpuAmxInt8 = 1u << 5,  // tiles and their int8 products, which the system has allowed
  kCpuNeon = 1u << 8,     // armv7 with VFPv4, or any AArch64
  kCpuNeonDot = 1u << 9,
  kCpuNeonI8mm = 1u << 10,
};

// The bits of this machine, lowered by the environment variable
// PARE_CPU=scalar|avx2|avxvnni|avx512|avx512vnni|amxint8|neon|neondot|i8mm. Read once; thread-safe.
CpuMask HostCpu();

// The bits of the machine without PARE_CPU.
CpuMask DetectCpu();

// The mask that PARE_CPU=`level` means on a machine with `host` bits, or `host` where level is null
// or empty. False where the name is unknown (then *out is host).
bool LowerCpu(CpuMask host, const char* level, CpuMask* out);

// "avx512vnni": the highest level in the mask.
const char* CpuLevelName(CpuMask mask);

}  // namespace pare
