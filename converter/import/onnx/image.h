// What operators over windows of images have in common.
#pragma once

#include "converter/import/onnx/context.h"

namespace pare::converter {

// Reads strides, dilations, pads and auto_pad of an operator on values of `rank` dimensions and
// checks that there are as many as spatial dimensions, or none.
Status ReadWindow(OnnxNode& n, int rank, std::vector<int64_t>* strides,
                  std::vector<int64_t>* dilations, std::vector<int64_t>* pads,
                  fb::AutoPad* auto_pad);

}  // namespace pare::converter
