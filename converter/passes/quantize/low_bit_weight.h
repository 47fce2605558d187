// Weights in 4 bits as the flags ask for them, and what all encoded weights have in common.
#pragma once

#include <optional>
#include <string>

#include "converter/passes/quantize/quantization.h"
#include "converter/passes/rewriter.h"

namespace pare::converter {

// The layout of 4 bits for rows of k values: that with the groups asked for, or where they do not
// divide k the largest smaller ones that do. Nothing where not even 32 divides k.
std::optional<Layout> FourBitLayout(QuantFormat format, const Quantization& q, int64_t k);

// "int4:g32", "int4:g32 with minima", "nf4"; "int8" of both layouts of 8 bits.
std::string EncodingOf(Layout layout);

// The plain f32 weight [n, k...] in that layout of 4 bits; `transpose`: it is [k, n]. An error that
// names the layer where that cannot be.
Result<Weight> FourBitWeight(const Weight& plain, Layout layout, bool transpose,
                             const Quantization& q, const std::string& layer);

// The constant of the graph that has these bytes, or this weight as a new one: an embedding and a
// product by the same matrix share one.
ValueId ShareWeight(Rewriter& rewriter, Weight weight);

// Signal to noise in dB of what `encoded` decodes to against alpha times the plain weight it was
// made of.
double WeightSnr(const Weight& plain, bool transpose, float alpha, const Weight& encoded);

}  // namespace pare::converter
