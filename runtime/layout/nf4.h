// The 16 levels of NormalFloat: quantiles of the normal distribution, 8 positive and 7 negative
// ones spread evenly up to the probability 0.9677083, and 0; scaled to [-1, 1].
#pragma once

#include <stdint.h>

namespace pare {

constexpr float kNf4Levels[16] = {-1.0f,
                                  -0.6961928009986877f,
                                  -0.5250730514526367f,
                                  -0.39491748809814453f,
                                  -0.28444138169288635f,
                                  -0.18477343022823334f,
                                  -0.09105003625154495f,
                                  0.0f,
                                  0.07958029955625534f,
                                  0.16093020141124725f,
                                  0.24611230194568634f,
                                  0.33791524171829224f,
                                  0.44070982933044434f,
                                  0.5626170039176941f,
                                  0.7229568362236023f,
                                  1.0f};
// The levels in steps of 1 / 127, for products of 8-bit integers.
constexpr int8_t kNf4Codes[16] = {-127, -88, -67, -50, -36, -23, -12, 0,
                                  10,   20,  31,  43,  56,  71,  92,  127};

}  // namespace pare
