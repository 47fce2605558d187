// pare inspect: what is in a .pare file.
#include <cstdio>
#include <memory>

#include "converter/cli/command.h"
#include "converter/import/mapped_file.h"
#include "converter/report/model_text.h"

namespace pare::converter {
namespace {

constexpr char kExamples[] = R"x(Examples:
  pare inspect model.pare                       everything but the file map
  pare inspect model.pare --graph --weights     only these sections
  pare inspect model.pare --verify              read every byte and check it
  pare inspect model.pare --json | jq '.weights[].name'
  cmake -B build -DPARE_OPS="$(pare inspect model.pare --ops)"    a runtime for this model)x";

struct Arguments {
  std::string file;
  bool graph = false, weights = false, map = false, ops = false, verify = false, json = false;
};

int Verify(const Arguments& a, const Model& model) {
  const std::vector<std::string> damaged = FindDamage(model);
  std::string names;
  for (const std::string& name : damaged) names += (names.empty() ? "" : ", ") + name;
  if (!damaged.empty())
    return Fail(Error(Code::kCorrupt, a.file + ": damaged: " + names + "; copy the file again"));
  if (!a.json) std::printf("%s: every checksum is right\n", a.file.c_str());
  return kExitOk;
}

void PrintOps(const Model& model) {
  std::string list;
  for (const auto& names : {OpNames(model), KindNames(model)}) {
    for (const std::string& name : names) list += (list.empty() ? "" : ";") + name;
  }
  std::printf("%s\n", list.c_str());
}

int RunInspect(const Arguments& a) {
  const Result<Bytes> bytes = MapFile(a.file);
  if (!bytes.ok()) return Fail(bytes.status());
  const FileSpan file{bytes.value().data, bytes.value().size};
  const pare::Result<Model> model = Model::Open(file);
  if (!model.ok()) {
    char text[512];
    (void)DescribeStatus(model.status(), nullptr, a.file.c_str(), text, sizeof text);
    return Fail(Error(model.status().code, text));
  }
  const Model& m = model.value();
  if (a.verify) {
    const int code = Verify(a, m);
    if (code != kExitOk || !(a.json || a.graph || a.weights || a.map || a.ops)) return code;
  }
  if (a.json) {
    std::printf("%s\n", DumpJson(ModelJson(a.file, m, file)).c_str());
    return kExitOk;
  }
  if (a.ops) PrintOps(m);
  const bool some = a.graph || a.weights || a.map || a.ops;
  if (!some) std::printf("%s\n", SummaryText(a.file, m, file).c_str());
  if (a.graph || !some) std::printf("%s\n", GraphText(m).c_str());
  if (a.weights || !some) std::printf("%s", WeightsText(m).c_str());
  if (a.map) std::printf("%s", MapText(m, file).c_str());
  return kExitOk;
}

}  // namespace

Action AddInspect(CLI::App& parser) {
  auto a = std::make_shared<Arguments>();
  parser.footer(kExamples);
  parser.add_option("FILE", a->file, "A .pare file")->required();
  parser.add_flag("--graph", a->graph, "Inputs, outputs and nodes, with shapes");
  parser.add_flag("--weights", a->weights,
                  "Type, shape, layout, bytes and checksum of each weight");
  parser.add_flag("--map", a->map, "What lies where in the file");
  parser.add_flag("--ops", a->ops, "The operators and kinds of functions, as PARE_OPS takes them");
  parser.add_flag("--verify", a->verify, "Check the checksum of every weight and asset");
  parser.add_flag("--json", a->json, "Everything, for scripts");
  return [a] { return RunInspect(*a); };
}

}  // namespace pare::converter
