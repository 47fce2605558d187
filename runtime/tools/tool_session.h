// A model and a session for a command: what the command line says, in terms of pare.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/pare.h"
#include "runtime/tools/command_line.h"
#include "runtime/tools/npz.h"
#include "runtime/tools/tool_result.h"

namespace pare::tools {

struct CloseModel {
  void operator()(pare_model* m) const { pare_model_close(m); }
};
struct DestroySession {
  void operator()(pare_session* s) const { pare_session_destroy(s); }
};
using ModelHandle = std::unique_ptr<pare_model, CloseModel>;
using SessionHandle = std::unique_ptr<pare_session, DestroySession>;

ToolResult OpenModel(const std::string& path, ModelHandle* model);

// Arguments of --input: NAME=FILE.npy, NAME=FILE.npz (its array NAME) or FILE.npz (all arrays).
ToolResult ReadInputs(const std::vector<std::string>& arguments, std::vector<Array>* arrays);

enum class Require { kAll, kTypes };  // an array for each input, or any with the right types
// Fails with a list of the model's inputs where arrays are missing, unknown or of another type.
ToolResult CheckInputs(const pare_model* model, const SessionArguments& arguments,
                       const std::vector<Array>& arrays, Require require);

// A session for inputs of the arrays' shapes; inputs without an array have the model's. Where sizes
// depend on values, small integer arrays are hinted.
ToolResult CreateSession(const pare_model* model, const SessionArguments& arguments,
                         const std::vector<Array>& arrays, SessionHandle* session);

// Copies the arrays into the session's inputs.
ToolResult SetInputs(pare_session* session, const std::vector<Array>& arrays);

// "[1,3,224,224]"
std::string FormatShape(const pare_shape& shape);
// "x  f32  [batch,3,?,?]": one line an input.
std::string ListInputs(const pare_model* model, const std::string& entry);

}  // namespace pare::tools
