// How the scales of low-bit weights are found, and what a scale costs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace pare::converter {

enum class ScaleMethod {
  kAbsMax,  // the largest magnitude is the end of the range
  kMse,     // the least squared error, over clipped ranges (Choukroun et al., "Low-bit Quantization
            // of Neural Networks for Efficient Inference", 2019)
  kHqq,     // half-quadratic quantization (Badri and Shaji, "Half-Quadratic Quantization of Large
            // Machine Learning Models", 2023) of 4 bits with minima; kMse of others
};

// absmax, mse or hqq; empty for anything else.
std::optional<ScaleMethod> ParseScaleMethod(const std::string& text);

// The integers that a value may become, and what they stand for: scale * q + minimum.
struct Grid {
  float scale, minimum;
  float least, most;
};

// The nearest q of a finite x; scale is not zero.
float CodeOf(const Grid& grid, float x);

// The sum of squared errors of x[n] where each becomes the nearest of the grid.
double SquaredError(const Grid& grid, const float* x, size_t n);

}  // namespace pare::converter
