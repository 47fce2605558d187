#include "runtime/tools/tool_session.h"

#include <algorithm>
#include <set>

namespace pare::tools {
namespace {

constexpr size_t kMaxHintBytes = 512;  // the runtime plans with values of this size at most

const char* EntryOf(const std::string& entry) { return entry.empty() ? nullptr : entry.c_str(); }

std::vector<pare_value_info> Inputs(const pare_model* model, const std::string& entry) {
  std::vector<pare_value_info> inputs(pare_model_input_count(model, EntryOf(entry)));
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    (void)pare_model_input(model, EntryOf(entry), i, &inputs[i]);
  }
  return inputs;
}

pare_shape ToPare(const Shape& shape) {
  pare_shape out = {};
  out.rank = shape.rank;
  std::copy_n(shape.dims, shape.rank, out.dims);
  return out;
}

bool MayBeHinted(const Array& array) {
  return !IsFloat(array.dtype) && array.data.size() <= kMaxHintBytes;
}

std::string NumpyType(pare_dtype dtype) {
  const char* const names[] = {"float32", "float16", "float32", "float64", "int8",
                               "uint8",   "int16",   "uint16",  "int32",   "uint32",
                               "int64",   "uint64",  "bool"};
  return names[dtype];
}

ToolResult NoArray(const std::string& path, const std::string& name) {
  return Failure(path + ": holds no array '" + name + "'");
}

}  // namespace

ToolResult OpenModel(const std::string& path, ModelHandle* model) {
  pare_error error;
  pare_model* opened;
  if (pare_model_open(path.c_str(), 0, &opened, &error) != PARE_OK) return Failure(error.message);
  model->reset(opened);
  return Success();
}

ToolResult ReadInputs(const std::vector<std::string>& arguments, std::vector<Array>* arrays) {
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    const bool named = equals != std::string::npos;
    const std::string name = named ? argument.substr(0, equals) : "";
    std::vector<Array> read;
    const std::string path = named ? argument.substr(equals + 1) : argument;
    if (ToolResult r = ReadArrays(path, &read); !r.ok()) return r;
    if (!named) {
      std::move(read.begin(), read.end(), std::back_inserter(*arrays));
      continue;
    }
    const Array* array = read.size() == 1 ? read.data() : FindArray(read, name);
    if (array == nullptr) return NoArray(path, name);
    arrays->push_back(*array);
    arrays->back().name = name;
  }
  return Success();
}

ToolResult CheckInputs(const pare_model* model, const SessionArguments& arguments,
                       const std::vector<Array>& arrays, Require require) {
  std::string problems;
  const auto inputs = Inputs(model, arguments.entry);
  for (const pare_value_info& input : inputs) {
    const Array* array = FindArray(arrays, input.name);
    if (array == nullptr) {
      if (require == Require::kTypes) continue;
      problems += "input '" + std::string(input.name) + "' is missing\n";
    } else if (static_cast<int>(array->dtype) != static_cast<int>(input.dtype)) {
      problems += "input '" + std::string(input.name) + "' takes " + pare_dtype_name(input.dtype) +
                  ", but the array given holds " + NameOf(array->dtype) +
                  "; convert it: array.astype(\"" + NumpyType(input.dtype) + "\")\n";
    }
  }
  std::set<std::string> seen;
  for (const Array& array : arrays) {
    if (std::none_of(inputs.begin(), inputs.end(),
                     [&](const pare_value_info& i) { return array.name == i.name; })) {
      problems += "the model has no input '" + array.name + "'\n";
    } else if (!seen.insert(array.name).second) {
      problems += "input '" + array.name + "' is given twice\n";
    }
  }
  if (problems.empty()) return Success();
  return Failure(problems + "the model's inputs are:\n" + ListInputs(model, arguments.entry));
}

ToolResult CreateSession(const pare_model* model, const SessionArguments& arguments,
                         const std::vector<Array>& arrays, SessionHandle* session) {
  std::vector<pare_dim> dims;
  for (const NamedSize& d : arguments.dims) dims.push_back({d.name.c_str(), d.size});
  std::vector<pare_shape> shapes;
  shapes.reserve(arrays.size());
  for (const Array& array : arrays) shapes.push_back(ToPare(array.shape));
  std::vector<pare_input_hint> hints;
  hints.reserve(arrays.size());
  for (size_t i = 0; i < arrays.size(); ++i) {
    hints.push_back({arrays[i].name.c_str(), &shapes[i], nullptr});
  }
  pare_session_options options;
  pare_session_options_init(&options);
  options.entry = EntryOf(arguments.entry);
  options.cpu = arguments.cpu.empty() ? nullptr : arguments.cpu.c_str();
  options.threads = arguments.threads;
  options.dims = dims.data();
  options.dim_count = dims.size();
  options.inputs = hints.data();
  options.input_count = hints.size();

  pare_error error;
  pare_session* created;
  pare_status status = pare_session_create(model, &options, &created, &error);
  if (status == PARE_UNKNOWN_SIZE) {
    for (size_t i = 0; i < arrays.size(); ++i) {
      if (MayBeHinted(arrays[i])) hints[i].values = arrays[i].data.data();
    }
    status = pare_session_create(model, &options, &created, &error);
  }
  if (status != PARE_OK) return Failure(error.message);
  session->reset(created);
  return Success();
}

ToolResult SetInputs(pare_session* session, const std::vector<Array>& arrays) {
  pare_error error;
  for (const Array& array : arrays) {
    const auto i = static_cast<uint32_t>(pare_session_find_input(session, array.name.c_str()));
    if (pare_session_set_input(session, i, array.data.data(), array.data.size(), &error) !=
        PARE_OK) {
      return Failure(error.message);
    }
  }
  return Success();
}

std::string FormatShape(const pare_shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank; ++i) {
    text += (i > 0 ? "," : "") + std::to_string(shape.dims[i]);
  }
  return text + "]";
}

std::string ListInputs(const pare_model* model, const std::string& entry) {
  std::string text;
  for (const pare_value_info& input : Inputs(model, entry)) {
    text += std::string("  ") + input.name + "  " + pare_dtype_name(input.dtype) + "  [";
    for (int i = 0; i < input.shape.rank; ++i) {
      const char* name = input.dim_names[i];
      const int64_t size = input.shape.dims[i];
      text += i > 0 ? "," : "";
      text += size >= 0 ? std::to_string(size) : name != nullptr && *name != '\0' ? name : "?";
    }
    text += "]\n";
  }
  if (!text.empty()) text.pop_back();
  return text;
}

}  // namespace pare::tools
