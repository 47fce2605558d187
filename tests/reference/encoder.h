// A transformer encoder in double precision, written for reading: the oracle of the importer.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "converter/import/safetensors/families.h"
#include "tests/support/model_folder.h"

namespace pare::testing {

using Matrix = std::vector<std::vector<double>>;  // [tokens][features]

struct ReferenceEncoder {
  const converter::EncoderFamily& family;
  const PlainTensors& tensors;
  int heads, layers;
  int first_position;  // of RoBERTa: padding id + 1

  const PlainTensor& At(const std::string& name) const { return tensors.at(name); }

  Matrix Linear(const std::string& name, const Matrix& x) const {
    const PlainTensor &w = At(name + ".weight"), &b = At(name + ".bias");
    const auto n = static_cast<size_t>(w.dims[0]), k = static_cast<size_t>(w.dims[1]);
    Matrix y(x.size(), std::vector<double>(n));
    for (size_t t = 0; t < x.size(); ++t) {
      for (size_t o = 0; o < n; ++o) {
        y[t][o] = b.values[o];
        for (size_t i = 0; i < k; ++i) y[t][o] += w.values[o * k + i] * x[t][i];
      }
    }
    return y;
  }

  Matrix Norm(const std::string& name, Matrix x) const {
    const PlainTensor &w = At(name + ".weight"), &b = At(name + ".bias");
    for (auto& row : x) {
      double mean = 0, variance = 0;
      for (double v : row) mean += v / static_cast<double>(row.size());
      for (double v : row) variance += (v - mean) * (v - mean) / static_cast<double>(row.size());
      for (size_t i = 0; i < row.size(); ++i)
        row[i] = (row[i] - mean) / std::sqrt(variance + 1e-12) * w.values[i] + b.values[i];
    }
    return x;
  }

  static Matrix Sum(Matrix a, const Matrix& b) {
    for (size_t t = 0; t < a.size(); ++t)
      for (size_t i = 0; i < a[t].size(); ++i) a[t][i] += b[t][i];
    return a;
  }

  Matrix Attention(const Matrix& q, const Matrix& k, const Matrix& v,
                   const std::vector<int64_t>& mask) const {
    const size_t tokens = q.size(), width = q[0].size() / static_cast<size_t>(heads);
    Matrix y(tokens, std::vector<double>(q[0].size()));
    for (size_t h = 0; h < static_cast<size_t>(heads); ++h) {
      for (size_t t = 0; t < tokens; ++t) {
        std::vector<double> p(tokens);
        double sum = 0;
        for (size_t s = 0; s < tokens; ++s) {
          double score = 0;
          for (size_t i = h * width; i < (h + 1) * width; ++i) score += q[t][i] * k[s][i];
          p[s] = mask[s] != 0 ? std::exp(score / std::sqrt(static_cast<double>(width))) : 0;
          sum += p[s];
        }
        for (size_t s = 0; s < tokens; ++s)
          for (size_t i = h * width; i < (h + 1) * width; ++i) y[t][i] += p[s] / sum * v[s][i];
      }
    }
    return y;
  }

  Matrix Embed(const std::vector<int64_t>& ids, const std::vector<int64_t>& types) const {
    const PlainTensor &words = At(family.word + std::string(".weight")),
                      &positions = At(family.position + std::string(".weight"));
    const auto width = static_cast<size_t>(words.dims[1]);
    Matrix x(ids.size(), std::vector<double>(width));
    int64_t counted = 0;
    for (size_t t = 0; t < ids.size(); ++t) {
      auto position = static_cast<int64_t>(t);
      if (family.positions_skip_padding) {
        const int64_t padding = first_position - 1;
        position = ids[t] == padding ? padding : padding + ++counted;
      }
      for (size_t i = 0; i < width; ++i) {
        x[t][i] = static_cast<double>(words.values[static_cast<size_t>(ids[t]) * width + i]) +
                  positions.values[static_cast<size_t>(position) * width + i];
        if (*family.token_type == 0) continue;
        x[t][i] += At(family.token_type + std::string(".weight"))
                       .values[static_cast<size_t>(types[t]) * width + i];
      }
    }
    return Norm(family.embedding_norm, x);
  }

  Matrix Run(const std::vector<int64_t>& ids, const std::vector<int64_t>& mask,
             const std::vector<int64_t>& types) const {
    Matrix x = Embed(ids, types);
    for (int l = 0; l < layers; ++l) {
      std::string at = family.layer;
      at.replace(at.find("{}"), 2, std::to_string(l));
      const Matrix mixed = Attention(Linear(at + family.query, x), Linear(at + family.key, x),
                                     Linear(at + family.value, x), mask);
      x = Norm(at + family.attention_norm, Sum(Linear(at + family.attention_output, mixed), x));
      Matrix inner = Linear(at + family.intermediate, x);
      for (auto& row : inner)
        for (double& v : row) v = v / 2 * (1 + std::erf(v / std::sqrt(2.0)));
      x = Norm(at + family.output_norm, Sum(Linear(at + family.output, inner), x));
    }
    return x;
  }
};

}  // namespace pare::testing
