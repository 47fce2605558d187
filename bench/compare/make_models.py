#!/usr/bin/env python3
"""Writes the networks of the comparison as ONNX, with fixed shapes.

mobilenet_v2, resnet50: torchvision's architectures with seeded random weights, batch norm folded
(mobilenet_v2_bn, resnet50_bn: not folded). Speed does not depend on the values. minilm: the encoder of
all-MiniLM-L6-v2 with its real weights, 128 tokens. ppocr_det, ppocr_rec: PP-OCRv4 at a fixed shape.
"""
import argparse
import json
import math
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "models"
OPSET = 17


class Net:
    """Collects nodes and weights of an ONNX graph."""

    def __init__(self, seed=0):
        self.nodes, self.weights = [], []
        self.random = np.random.default_rng(seed)

    def weight(self, values, dtype=np.float32):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype), name))
        return name

    def node(self, op, *inputs, outputs=None, **attributes):
        outputs = outputs or [f"v{len(self.nodes)}"]
        self.nodes.append(helper.make_node(op, list(inputs), outputs, **attributes))
        return outputs[0]

    def save(self, path, inputs, outputs):
        graph = helper.make_graph(self.nodes, path.stem, inputs, outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, str(path))


class Cnn(Net):
    def __init__(self, batch_norm):
        super().__init__()
        self.batch_norm = batch_norm

    def conv(self, x, inputs, outputs, kernel=1, stride=1, group=1, gain=2.0):
        """Convolution and batch norm; He's initialisation keeps the activations' size."""
        fan = inputs // group * kernel * kernel
        w = self.random.standard_normal((outputs, inputs // group, kernel, kernel)) * math.sqrt(gain / fan)
        bias = 0.05 * self.random.standard_normal(outputs)
        given = [x, self.weight(w)] + ([] if self.batch_norm else [self.weight(bias)])
        y = self.node("Conv", *given, kernel_shape=[kernel, kernel], strides=[stride, stride], group=group,
                      pads=[kernel // 2] * 4)
        if self.batch_norm:
            mean = 0.01 * self.random.standard_normal(outputs)
            y = self.node("BatchNormalization", y, self.weight(np.ones(outputs)), self.weight(bias), self.weight(mean),
                          self.weight(np.ones(outputs)))
        return y

    def classify(self, x, channels):
        x = self.node("GlobalAveragePool", x)
        x = self.node("Flatten", x)
        w = self.random.standard_normal((1000, channels)) / math.sqrt(channels)
        return self.node("Gemm", x, self.weight(w), self.weight(np.zeros(1000)), outputs=["y"], transB=1)

    def save_classifier(self, path):
        self.save(path, [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 224, 224])],
                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1000])])


def mobilenet_v2(path, batch_norm=False):
    net = Cnn(batch_norm)
    low, high = net.weight(np.array(0.0)), net.weight(np.array(6.0))

    def relu6(x):
        return net.node("Clip", x, low, high)
    x, channels = relu6(net.conv("x", 3, 32, 3, 2)), 32
    for expand, outputs, repeats, first_stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                                   (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for i in range(repeats):
            stride, hidden = first_stride if i == 0 else 1, channels * expand
            y = relu6(net.conv(x, channels, hidden)) if expand > 1 else x
            y = relu6(net.conv(y, hidden, hidden, 3, stride, hidden))
            y = net.conv(y, hidden, outputs, gain=0.5)
            x = net.node("Add", x, y) if stride == 1 and channels == outputs else y
            channels = outputs
    net.classify(relu6(net.conv(x, channels, 1280)), 1280)
    net.save_classifier(path)


def resnet50(path, batch_norm=False):
    net = Cnn(batch_norm)
    x = net.node("Relu", net.conv("x", 3, 64, 7, 2))
    x, channels = net.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4), 64
    for width, repeats, first_stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for i in range(repeats):
            stride, outputs = first_stride if i == 0 else 1, width * 4
            y = net.node("Relu", net.conv(x, channels, width))
            y = net.node("Relu", net.conv(y, width, width, 3, stride))
            y = net.conv(y, width, outputs, gain=0.1)
            if i == 0:
                x = net.conv(x, channels, outputs, 1, stride, gain=1.0)
            x, channels = net.node("Relu", net.node("Add", x, y)), outputs
    net.classify(x, channels)
    net.save_classifier(path)


class Bert(Net):
    def __init__(self, tensors, config):
        super().__init__()
        self.tensors, self.config = tensors, config

    def linear(self, x, name):
        y = self.node("MatMul", x, self.weight(self.tensors[name + ".weight"].T))
        return self.node("Add", y, self.weight(self.tensors[name + ".bias"]))

    def norm(self, x, name):
        return self.node("LayerNormalization", x, self.weight(self.tensors[name + ".weight"]),
                         self.weight(self.tensors[name + ".bias"]), axis=-1, epsilon=self.config["layer_norm_eps"])

    def embed(self, ids, types):
        table = "embeddings.{}_embeddings.weight"
        words = self.node("Gather", self.weight(self.tensors[table.format("word")]), ids)
        kinds = self.node("Gather", self.weight(self.tensors[table.format("token_type")]), types)
        length = self.node("Slice", self.node("Shape", ids), *(self.weight([v], np.int64) for v in (1, 2)))
        places = self.node("Slice", self.weight(self.tensors[table.format("position")]), self.weight([0], np.int64),
                           length, self.weight([0], np.int64))
        return self.norm(self.node("Add", self.node("Add", words, kinds), places), "embeddings.LayerNorm")

    def heads(self, x, perm):
        heads = self.config["num_attention_heads"]
        shape = self.weight([0, 0, heads, self.config["hidden_size"] // heads], np.int64)
        return self.node("Transpose", self.node("Reshape", x, shape), perm=perm)

    def attention(self, x, mask, layer):
        q = self.heads(self.linear(x, layer + "attention.self.query"), [0, 2, 1, 3])
        k = self.heads(self.linear(x, layer + "attention.self.key"), [0, 2, 3, 1])
        v = self.heads(self.linear(x, layer + "attention.self.value"), [0, 2, 1, 3])
        size = self.config["hidden_size"] // self.config["num_attention_heads"]
        scores = self.node("Div", self.node("MatMul", q, k), self.weight(math.sqrt(size)))
        p = self.node("Softmax", self.node("Add", scores, mask), axis=-1)
        y = self.node("Transpose", self.node("MatMul", p, v), perm=[0, 2, 1, 3])
        y = self.node("Reshape", y, self.weight([0, 0, self.config["hidden_size"]], np.int64))
        return self.linear(y, layer + "attention.output.dense")

    def gelu(self, x):
        erf = self.node("Erf", self.node("Div", x, self.weight(math.sqrt(2))))
        half = self.node("Mul", x, self.node("Add", erf, self.weight(1.0)))
        return self.node("Mul", half, self.weight(0.5))

    def layer(self, x, mask, name):
        y = self.attention(x, mask, name)
        x = self.norm(self.node("Add", y, x), name + "attention.output.LayerNorm")
        y = self.linear(self.gelu(self.linear(x, name + "intermediate.dense")), name + "output.dense")
        return self.norm(self.node("Add", y, x), name + "output.LayerNorm")


def minilm(folder, path, batch="batch", length="sequence"):
    """ONNX of a BERT encoder folder (config.json, model.safetensors), spelled as exporters spell it."""
    from safetensors.numpy import load_file
    config = json.loads((folder / "config.json").read_text())
    net = Bert(load_file(str(folder / "model.safetensors")), config)
    x = net.embed("input_ids", "token_type_ids")
    mask = net.node("Cast", net.node("Unsqueeze", "attention_mask", net.weight([1, 2], np.int64)),
                    to=TensorProto.FLOAT)
    mask = net.node("Mul", net.node("Sub", net.weight(1.0), mask), net.weight(-10000.0))
    for i in range(config["num_hidden_layers"]):
        x = net.layer(x, mask, f"encoder.layer.{i}.")
    net.node("Identity", x, outputs=["last_hidden_state"])
    net.save(path, [helper.make_tensor_value_info(n, TensorProto.INT64, [batch, length])
                    for n in ("input_ids", "attention_mask", "token_type_ids")],
             [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT,
                                            [batch, length, config["hidden_size"]])])


def fix_shape(source, path, shape):
    """The model with one input of a fixed shape, named x, and its output named y."""
    model = onnx.load(str(source))
    graph = model.graph
    for dim, size in zip(graph.input[0].type.tensor_type.shape.dim, shape):
        dim.Clear()
        dim.dim_value = size
    renamed = {graph.input[0].name: "x", graph.output[0].name: "y"}
    graph.input[0].name, graph.output[0].name = "x", "y"
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [renamed.get(n, n) for n in names]
    del graph.output[0].type.tensor_type.shape.dim[:]
    graph.output[0].type.tensor_type.ClearField("shape")
    onnx.save(onnx.shape_inference.infer_shapes(model), str(path))


MAKERS = {
    "mobilenet_v2": mobilenet_v2,
    "resnet50": resnet50,
    "mobilenet_v2_bn": lambda path: mobilenet_v2(path, batch_norm=True),
    "resnet50_bn": lambda path: resnet50(path, batch_norm=True),
    "minilm": lambda path: minilm(CACHE / "minilm", path, 1, 128),
    "ppocr_det": lambda path: fix_shape(CACHE / "ppocr_det" / "model.onnx", path, (1, 3, 640, 640)),
    "ppocr_rec": lambda path: fix_shape(CACHE / "ppocr_rec" / "model.onnx", path, (1, 3, 48, 320)),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*", choices=[[], *MAKERS], metavar="NAME", help="default: all")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or MAKERS:
        path = arguments.folder / f"{name}.onnx"
        MAKERS[name](path)
        print(path)


if __name__ == "__main__":
    main()
