"""The light model zoo of the onnx package: nine well-known networks whose weights are left out there
(ConstantOfShape nodes); here they get seeded random values, so that outputs differ from each other."""
import math
import pathlib

import numpy as np
import onnx
from onnx import numpy_helper

NAMES = ["bvlc_alexnet", "densenet121", "inception_v1", "inception_v2", "resnet50", "shufflenet", "squeezenet", "vgg19",
         "zfnet512"]
FOLDER = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


# Residual sums grow from block to block: weights of half the variance keep the softmax from saturating.
GAIN = {"resnet50": 0.8, "shufflenet": 0.5}


def random_weight(shape, role, gain, random):
    """role: (operator, input index) of the weight's first use."""
    if role in (("BatchNormalization", 1), ("BatchNormalization", 4)):
        return random.uniform(0.8, 1.2, shape)
    if len(shape) < 2:
        return 0.05 * random.standard_normal(shape)
    return random.standard_normal(shape) * math.sqrt(gain / math.prod(shape[1:]))


def write(name, path):
    model = onnx.load(str(FOLDER / f"light_{name}.onnx"))
    graph = model.graph
    random = np.random.default_rng(11)
    shapes = {w.name: numpy_helper.to_array(w) for w in graph.initializer}
    uses = {v: (n.op_type, i) for n in reversed(graph.node) for i, v in enumerate(n.input)}
    kept = []
    for node in graph.node:
        if node.op_type != "ConstantOfShape":
            kept.append(node)
            continue
        shape = [int(d) for d in shapes[node.input[0]]]
        values = random_weight(shape, uses.get(node.output[0]), GAIN.get(name, 2.0), random).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
    used = {v for n in kept for v in n.input}
    weights = [w for w in graph.initializer if w.name in used]
    del graph.initializer[:]
    graph.initializer.extend(weights)
    inputs = [i for i in graph.input if i.name in used and i.name not in shapes]
    del graph.input[:]
    graph.input.extend(inputs)
    del graph.node[:]
    graph.node.extend(kept)
    model.ir_version = 8  # weights need not be listed as inputs
    onnx.save(model, str(path))
