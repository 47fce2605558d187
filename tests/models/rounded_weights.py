"""An ONNX model with its float32 weights rounded to float16, as `--quantize f16` stores them.

What this does to ONNX Runtime's own answer is the share of an f16 model's error that no runtime can avoid.
"""
import numpy as np
import onnx
from onnx import numpy_helper


def rounded(tensor):
    values = numpy_helper.to_array(tensor)
    # Scalars are constants of formulas, and what f16 cannot hold stays as it is.
    if values.dtype != np.float32 or values.size <= 1 or np.max(np.abs(values)) > np.finfo(np.float16).max:
        return tensor
    return numpy_helper.from_array(values.astype(np.float16).astype(np.float32), tensor.name)


def write(source, path):
    model = onnx.load(str(source))
    weights = [rounded(t) for t in model.graph.initializer]
    del model.graph.initializer[:]
    model.graph.initializer.extend(weights)
    for node in model.graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    attribute.t.CopyFrom(rounded(attribute.t))
    onnx.save(model, str(path))
