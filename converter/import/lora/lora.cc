#include "converter/import/lora/lora.h"

#include <cmath>
#include <vector>

#include "converter/import/lora/adapter.h"

namespace pare::converter {
namespace {

// How one update changes its weight: delta[i][j], stored transposed or not.
struct Geometry {
  int64_t outputs = 0, inputs = 0, rank = 0;  // of B A
  bool transposed = false;                    // the weight is stored [inputs, outputs]
};

Result<Geometry> Fit(const LowRank& update, const Weight& weight, const PeftConfig& config) {
  const Shape &a = update.a->shape, &b = update.b->shape, &w = weight.shape;
  const Status unfit =
      Error(Code::kShape, "the adapter does not fit: its factors for " + update.module +
                              " have other shapes than the model's " + weight.name);
  if (a.rank != 2 || b.rank != 2 || w.rank != 2 || a[0] != b[1] || a[0] < 1) return unfit;
  Geometry g{b[0], a[1], a[0], false};
  const bool straight = w[0] == g.outputs && w[1] == g.inputs;
  const bool across = w[0] == g.inputs && w[1] == g.outputs;
  if (!straight && !across) return unfit;
  if (update.embedding && !across) return unfit;
  // Where both would fit, the adapter's settings decide.
  g.transposed = !straight || (across && (config.fan_in_fan_out || update.embedding));
  if (config.RankOf(update.module) != static_cast<double>(g.rank))
    return Error(Code::kShape, "the adapter does not fit: " + update.module + " has rank " +
                                   std::to_string(g.rank) + ", its config says another");
  return g;
}

// Each row of the result (an output) gets the length that DoRA trained for it.
Status Rescale(const Weight& magnitude, const std::string& module, const Geometry& g,
               std::vector<double>* w) {
  const Weight m = PARE_TRY(ToFloat(magnitude));
  if (m.shape.Elements() != g.outputs)
    return Error(Code::kShape,
                 "the adapter does not fit: the magnitudes of " + module + " are too few or many");
  const int64_t row = g.transposed ? 1 : g.inputs, column = g.transposed ? g.outputs : 1;
  for (int64_t o = 0; o < g.outputs; ++o) {
    double square = 0;
    for (int64_t i = 0; i < g.inputs; ++i) {
      const double v = (*w)[static_cast<size_t>(o * row + i * column)];
      square += v * v;
    }
    const double factor = m.Data<float>()[o] / std::sqrt(square);
    for (int64_t i = 0; i < g.inputs; ++i)
      (*w)[static_cast<size_t>(o * row + i * column)] *= factor;
  }
  return Ok();
}

// W + scale B A, summed in doubles and rounded once.
Result<Weight> Merge(const Weight& weight, const LowRank& update, const PeftConfig& config,
                     float strength) {
  const Geometry g = PARE_TRY(Fit(update, weight, config));
  Weight base = PARE_TRY(ToFloat(weight));
  const Weight a = PARE_TRY(ToFloat(*update.a)), b = PARE_TRY(ToFloat(*update.b));
  const double scale = strength * config.ScaleOf(update.module, static_cast<double>(g.rank));
  const auto count = static_cast<size_t>(g.outputs * g.inputs);
  std::vector<double> merged(base.Data<float>(), base.Data<float>() + count);
  for (int64_t o = 0; o < g.outputs; ++o) {
    for (int64_t r = 0; r < g.rank; ++r) {
      const double factor = scale * b.Data<float>()[o * g.rank + r];
      const float* from = a.Data<float>() + r * g.inputs;
      for (int64_t i = 0; i < g.inputs; ++i) {
        const int64_t at = g.transposed ? i * g.outputs + o : o * g.inputs + i;
        merged[static_cast<size_t>(at)] += factor * from[i];
      }
    }
  }
  if (config.dora) {
    if (update.magnitude == nullptr)
      return Error(Code::kShape,
                   "the adapter does not fit: it is DoRA without magnitudes for " + update.module);
    PARE_TRY(Rescale(*update.magnitude, update.module, g, &merged));
  }
  float* to;
  Weight result = Weight::Make<float>(weight.name, weight.shape, &to);
  for (size_t i = 0; i < count; ++i) to[i] = static_cast<float>(merged[i]);
  return result;
}

// bias + scale * the bias of B.
Result<Weight> MergeBias(const TensorMap& model, const std::string& weight_name,
                         const LowRank& update, const PeftConfig& config, float strength) {
  const std::string name = weight_name.substr(0, weight_name.size() - 6) + "bias";
  const auto it = model.find(name);
  if (it == model.end() || it->second.shape != update.b_bias->shape)
    return Error(Code::kShape, "the adapter does not fit: it trains a bias for " + update.module +
                                   ", which the model has not");
  const Weight base = PARE_TRY(ToFloat(it->second)), extra = PARE_TRY(ToFloat(*update.b_bias));
  const auto rank = static_cast<double>(update.a->shape[0]);
  const double scale = strength * config.ScaleOf(update.module, rank);
  float* to;
  Weight result = Weight::Make<float>(name, base.shape, &to);
  for (int64_t i = 0; i < base.shape.Elements(); ++i)
    to[i] = static_cast<float>(base.Data<float>()[i] + scale * extra.Data<float>()[i]);
  return result;
}

Result<TensorMap> MergeAll(const Adapter& adapter, const PeftConfig& config, float strength,
                           const TensorMap& model) {
  TensorMap changed;
  for (const auto& [name, tensor] : adapter.replacements) {
    const auto it = model.find(name);
    if (it != model.end() && it->second.shape != tensor->shape)
      return Error(Code::kShape, "the adapter does not fit: " + name + " has another shape");
    Weight replaced = PARE_TRY(ToFloat(*tensor));
    replaced.name = name;
    changed.emplace(name, std::move(replaced));
  }
  for (const auto& [name, update] : adapter.updates) {
    Weight merged = PARE_TRY(Merge(model.at(name), update, config, strength));
    changed[name] = std::move(merged);
    if (update.b_bias == nullptr) continue;
    Weight bias = PARE_TRY(MergeBias(model, name, update, config, strength));
    changed[bias.name] = std::move(bias);
  }
  return changed;
}

}  // namespace

Status MergeAdapter(const std::filesystem::path& folder, float scale, TensorMap* tensors) {
  const auto located = [&](const Status& status) {
    return Error(status.code, folder.string() + ": " + status.message);
  };
  const Json json = PARE_TRY(ReadJson(folder / "adapter_config.json"));
  const Result<PeftConfig> config = ReadPeftConfig(json);
  if (!config.ok()) return located(config.status());
  const Result<Adapter> adapter = ReadAdapter(folder, config.value(), *tensors);
  if (!adapter.ok()) return located(adapter.status());
  // Nothing is changed until all of it is known to fit.
  Result<TensorMap> changed = MergeAll(adapter.value(), config.value(), scale, *tensors);
  if (!changed.ok()) return located(changed.status());
  for (auto& [name, tensor] : *changed) (*tensors)[name] = std::move(tensor);
  return Ok();
}

}  // namespace pare::converter
