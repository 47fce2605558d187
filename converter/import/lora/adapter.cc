#include "converter/import/lora/adapter.h"

#include <set>

#include "converter/import/mapped_file.h"

namespace pare::converter {
namespace {

constexpr char kBase[] = "base_model.model.";

enum class Role { kA, kB, kBBias, kMagnitude, kEmbeddingA, kEmbeddingB, kOther };

// Splits "encoder.layer.0.query.lora_A.weight" into its module and what the tensor is to it. PEFT
// puts the adapter's name ("default") after the role in some versions.
Role Classify(const std::string& name, std::string* module) {
  struct Mark {
    const char* text;
    Role role;
  };
  constexpr Mark kMarks[] = {{".lora_A.", Role::kA},
                             {".lora_B.", Role::kB},
                             {".lora_embedding_A", Role::kEmbeddingA},
                             {".lora_embedding_B", Role::kEmbeddingB},
                             {".lora_magnitude_vector", Role::kMagnitude}};
  for (const Mark& mark : kMarks) {
    const size_t at = name.rfind(mark.text);
    if (at == std::string::npos) continue;
    *module = name.substr(0, at);
    const bool bias = name.size() > 5 && name.compare(name.size() - 5, 5, ".bias") == 0;
    return mark.role == Role::kB && bias ? Role::kBBias : mark.role;
  }
  *module = name;
  return Role::kOther;
}

void Erase(std::string* text, const std::string& part) {
  const size_t at = text->find(part);
  if (at != std::string::npos) text->erase(at, part.size());
}

// What the adapter calls a module to what the model calls it: one leading name dropped or added.
struct Renaming {
  std::string drop, add;

  std::string ToModel(const std::string& module) const {
    return add + (module.compare(0, drop.size(), drop) == 0 ? module.substr(drop.size()) : module);
  }
  std::string ToAdapter(const std::string& module) const {
    return drop + (module.compare(0, add.size(), add) == 0 ? module.substr(add.size()) : module);
  }
};

Renaming FindRenaming(const std::set<std::string>& modules, const TensorMap& model) {
  for (const std::string& module : modules) {
    if (model.count(module + ".weight") > 0) return {};
  }
  for (const std::string& module : modules) {
    const size_t dot = module.find('.');
    if (dot != std::string::npos && model.count(module.substr(dot + 1) + ".weight") > 0)
      return {module.substr(0, dot + 1), ""};
    for (const auto& [name, tensor] : model) {
      const size_t first = name.find('.');
      if (first != std::string::npos &&
          name.compare(first + 1, std::string::npos, module + ".weight") == 0)
        return {"", name.substr(0, first + 1)};
    }
  }
  return {};
}

// Names for a message: the first few.
std::string List(const std::set<std::string>& names) {
  std::string text;
  size_t count = 0;
  for (const std::string& name : names) {
    if (++count > 8) return text + " and " + std::to_string(names.size() - 8) + " more";
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

class Sorter {
 public:
  Sorter(const PeftConfig& config, const TensorMap& model, Adapter* adapter)
      : config_(config), model_(model), adapter_(*adapter) {}

  Status Sort() {
    Collect();
    renaming_ = FindRenaming(modules_, model_);
    for (auto& [module, update] : updates_) Place(module, update);
    for (const auto& [name, tensor] : others_) PlaceOther(name, *tensor);
    FindMissing();
    return Report();
  }

 private:
  void Collect() {
    for (const auto& [full, tensor] : adapter_.tensors) {
      std::string name = full, module;
      if (name.compare(0, sizeof kBase - 1, kBase) == 0) name.erase(0, sizeof kBase - 1);
      const Role role = Classify(name, &module);
      Erase(&module, ".base_layer");
      if (role == Role::kOther) {
        Erase(&module, ".modules_to_save.default");
        others_[module] = &tensor;
        continue;
      }
      modules_.insert(module);
      LowRank& update = updates_[module];
      update.module = module;
      if (role == Role::kEmbeddingA || role == Role::kEmbeddingB) update.embedding = true;
      if (role == Role::kA || role == Role::kEmbeddingA) update.a = &tensor;
      if (role == Role::kB || role == Role::kEmbeddingB) update.b = &tensor;
      if (role == Role::kBBias) update.b_bias = &tensor;
      if (role == Role::kMagnitude) update.magnitude = &tensor;
    }
  }

  void Place(const std::string& module, const LowRank& update) {
    const std::string weight = renaming_.ToModel(module) + ".weight";
    if (model_.count(weight) == 0) {
      unknown_.insert(module);
    } else if (update.a == nullptr || update.b == nullptr) {
      halves_.insert(module);
    } else if (!config_.targets.all_linear && !config_.IsTarget(module)) {
      untargeted_.insert(module);
    } else {
      adapter_.updates.emplace(weight, update);
    }
  }

  // Saved modules may be new to the model (a head); trained biases must be there.
  void PlaceOther(const std::string& name, const Weight& tensor) {
    const std::string target = renaming_.ToModel(name);
    bool saved = false;
    for (const std::string& module : config_.modules_to_save)
      saved = saved || ("." + name).find("." + module + ".") != std::string::npos;
    const bool bias = name.size() > 5 && name.compare(name.size() - 5, 5, ".bias") == 0;
    if (!saved && !(config_.trains_bias && bias && model_.count(target) > 0)) {
      unknown_.insert(name);
    } else {
      adapter_.replacements.emplace(target, &tensor);
    }
  }

  // Modules of the model that the adapter was made for, yet has nothing for: it belongs to a model
  // with other layers.
  void FindMissing() {
    if (config_.targets.all_linear) return;
    const std::string end = ".weight";
    for (const auto& [name, tensor] : model_) {
      if (tensor.shape.rank != 2 || name.size() <= end.size() ||
          name.compare(name.size() - end.size(), end.size(), end) != 0)
        continue;
      const std::string module = renaming_.ToAdapter(name.substr(0, name.size() - end.size()));
      if (config_.IsTarget(module) && modules_.count(module) == 0) missing_.insert(module);
    }
  }

  Status Report() const {
    std::string text;
    const auto add = [&](const char* what, const std::set<std::string>& names) {
      if (!names.empty()) text += std::string(text.empty() ? "" : "; ") + what + List(names);
    };
    add("the model has no ", unknown_);
    add("the adapter has only half of ", halves_);
    add("not among target_modules: ", untargeted_);
    add("the adapter has nothing for ", missing_);
    if (updates_.empty() && text.empty()) text = "it has no LoRA tensors";
    return text.empty() ? Ok() : Error(Code::kShape, "the adapter does not fit: " + text);
  }

  const PeftConfig& config_;
  const TensorMap& model_;
  Adapter& adapter_;
  Renaming renaming_;
  std::set<std::string> modules_;
  std::map<std::string, LowRank> updates_;
  std::map<std::string, const Weight*> others_;
  std::set<std::string> unknown_, halves_, untargeted_, missing_;
};

}  // namespace

Result<Adapter> ReadAdapter(const std::filesystem::path& folder, const PeftConfig& config,
                            const TensorMap& model) {
  const std::filesystem::path path = folder / "adapter_model.safetensors";
  Result<Bytes> file = MapFile(path);
  if (!file.ok()) {
    std::error_code error;
    if (std::filesystem::exists(folder / "adapter_model.bin", error))
      return Error(Code::kUnsupported, folder.string() +
                                           ": adapter_model.bin is a pickle, which Pare does not "
                                           "run; save the adapter as safetensors");
    return file.status();
  }
  Adapter adapter;
  adapter.tensors = PARE_TRY(ParseSafetensors(*file, path.string()));
  PARE_TRY(Sorter(config, model, &adapter).Sort());
  return adapter;
}

}  // namespace pare::converter
