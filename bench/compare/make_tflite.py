"""The networks of make_models.py as TFLite files, written with the schema that LiteRT's package brings.

Fused activations, channels-last tensors and explicit PAD before strided convolutions, as Google's own
converters write them; so LiteRT's XNNPACK delegate takes the whole network.
"""
import json
import math

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as tfl
from onnx import numpy_helper

import make_models

OPS, ACTIVATIONS = tfl.BuiltinOperator, tfl.ActivationFunctionType
TYPES = {np.dtype(np.float32): tfl.TensorType.FLOAT32, np.dtype(np.int32): tfl.TensorType.INT32}


class Writer:
    def __init__(self):
        self.tensors, self.operators, self.codes = [], [], []
        self.buffers = [tfl.BufferT()]

    def tensor(self, shape, dtype=np.float32, name="", data=None):
        t = tfl.TensorT()
        t.shape, t.type, t.name = list(shape), TYPES[np.dtype(dtype)], name or f"t{len(self.tensors)}"
        if data is not None:
            buffer = tfl.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.buffers.append(buffer)
            t.buffer = len(self.buffers) - 1
        self.tensors.append(t)
        return len(self.tensors) - 1

    def constant(self, values, dtype=np.float32):
        values = np.asarray(values, dtype)
        return self.tensor(values.shape, dtype, data=values)

    def shape(self, t):
        return list(self.tensors[t].shape)

    def op(self, name, inputs, shape, options=None, **fields):
        """Appends an operator with one float output of `shape`; returns the output."""
        code = getattr(OPS, name)
        if code not in self.codes:
            self.codes.append(code)
        out = self.tensor(shape)
        o = tfl.OperatorT()
        o.opcodeIndex, o.inputs, o.outputs = self.codes.index(code), list(inputs), [out]
        if options:
            o.builtinOptionsType = getattr(tfl.BuiltinOptions, options)
            o.builtinOptions = getattr(tfl, options + "T")()
            for key, value in fields.items():
                setattr(o.builtinOptions, key, value)
        self.operators.append(o)
        return out

    def signature(self, inputs, output):
        """Names of inputs and output: the quantizer of LiteRT asks for them."""
        def named(tensor, name):
            t = tfl.TensorMapT()
            t.name, t.tensorIndex = name, tensor
            return t
        s = tfl.SignatureDefT()
        s.signatureKey, s.subgraphIndex = "serving_default", 0
        s.inputs, s.outputs = [named(t, self.tensors[t].name) for t in inputs], [named(output, "y")]
        return s

    def save(self, path, inputs, output):
        graph, model = tfl.SubGraphT(), tfl.ModelT()
        graph.tensors, graph.operators, graph.inputs, graph.outputs = self.tensors, self.operators, inputs, [output]
        model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], self.buffers, []
        model.signatureDefs = [self.signature(inputs, output)]
        for code in self.codes:
            c = tfl.OperatorCodeT()
            c.builtinCode, c.deprecatedBuiltinCode, c.version = code, min(code, 127), 1
            model.operatorCodes.append(c)
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))


class CnnWriter(Writer):
    """Follows the nodes of an ONNX classifier of make_models.py."""

    def __init__(self, model):
        super().__init__()
        self.weights = {w.name: numpy_helper.to_array(w) for w in model.graph.initializer}
        self.values = {"x": self.tensor((1, 224, 224, 3), name="x")}
        nodes, skip = list(model.graph.node), set()
        for i, node in enumerate(nodes):
            if i in skip:
                continue
            activation, out = ACTIVATIONS.NONE, node.output[0]
            following = nodes[i + 1] if i + 1 < len(nodes) else None
            if (following is not None and following.op_type in ("Clip", "Relu") and following.input[0] == out
                    and node.op_type in ("Conv", "Add")):
                activation = ACTIVATIONS.RELU6 if following.op_type == "Clip" else ACTIVATIONS.RELU
                skip.add(i + 1)
                out = following.output[0]
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            self.values[out] = getattr(self, node.op_type)(node.input, attributes, activation)

    def windowed(self, x, kernel, stride):
        """(input, padding) of a window that ONNX pads by kernel // 2 on both sides."""
        if kernel == 1 or stride == 1:
            return x, tfl.Padding.SAME
        n, h, w, c = self.shape(x)
        p = kernel // 2
        pads = self.constant([[0, 0], [p, p], [p, p], [0, 0]], np.int32)
        return self.op("PAD", [x, pads], (n, h + 2 * p, w + 2 * p, c)), tfl.Padding.VALID

    def Conv(self, inputs, attributes, activation):
        w, bias = self.weights[inputs[1]], self.constant(self.weights[inputs[2]])
        stride, kernel, depthwise = attributes["strides"][0], w.shape[2], attributes["group"] > 1
        x = self.values[inputs[0]]
        n, h, width, _ = self.shape(x)
        x, padding = self.windowed(x, kernel, stride)
        shape = (n, -(-h // stride), -(-width // stride), w.shape[0])
        common = dict(padding=padding, strideW=stride, strideH=stride, fusedActivationFunction=activation)
        if depthwise:
            packed = self.constant(w.transpose(1, 2, 3, 0))
            return self.op("DEPTHWISE_CONV_2D", [x, packed, bias], shape, "DepthwiseConv2DOptions", depthMultiplier=1,
                           **common)
        return self.op("CONV_2D", [x, self.constant(w.transpose(0, 2, 3, 1)), bias], shape, "Conv2DOptions", **common)

    def Add(self, inputs, _, activation):
        a, b = (self.values[i] for i in inputs)
        return self.op("ADD", [a, b], self.shape(a), "AddOptions", fusedActivationFunction=activation)

    def MaxPool(self, inputs, attributes, _):
        kernel, stride = attributes["kernel_shape"][0], attributes["strides"][0]
        x = self.values[inputs[0]]
        n, h, w, c = self.shape(x)
        # After a Relu, padding with zeros is padding with the smallest value.
        x, padding = self.windowed(x, kernel, stride)
        return self.op("MAX_POOL_2D", [x], (n, h // stride, w // stride, c), "Pool2DOptions", padding=padding,
                       strideW=stride, strideH=stride, filterWidth=kernel, filterHeight=kernel)

    def GlobalAveragePool(self, inputs, *_):
        x = self.values[inputs[0]]
        n, _, _, c = self.shape(x)
        return self.op("MEAN", [x, self.constant([1, 2], np.int32)], (n, c), "ReducerOptions", keepDims=False)

    def Flatten(self, inputs, *_):
        return self.values[inputs[0]]

    def Gemm(self, inputs, *_):
        w, bias = (self.weights[i] for i in inputs[1:])
        return self.op("FULLY_CONNECTED", [self.values[inputs[0]], self.constant(w), self.constant(bias)],
                       (1, w.shape[0]), "FullyConnectedOptions")


class BertWriter(Writer):
    def __init__(self, tensors, config, length):
        super().__init__()
        self.weights, self.config, self.length = tensors, config, length
        self.inputs = [self.tensor((1, length), np.int32, n)
                       for n in ("input_ids", "attention_mask", "token_type_ids")]
        self.wide = (1, length, config["hidden_size"])

    def binary(self, name, a, b, shape):
        return self.op(name, [a, b], shape, name.capitalize() + "Options")

    def linear(self, x, name):
        w = self.weights[name + ".weight"]
        return self.op("FULLY_CONNECTED", [x, self.constant(w), self.constant(self.weights[name + ".bias"])],
                       (1, self.length, w.shape[0]), "FullyConnectedOptions", keepNumDims=True)

    def mean(self, x):
        return self.op("MEAN", [x, self.constant([2], np.int32)], (1, self.length, 1), "ReducerOptions", keepDims=True)

    def norm(self, x, name):
        centred = self.binary("SUB", x, self.mean(x), self.wide)
        variance = self.mean(self.binary("MUL", centred, centred, self.wide))
        narrow = self.shape(variance)
        scale = self.op("RSQRT", [self.binary("ADD", variance, self.constant(self.config["layer_norm_eps"]), narrow)],
                        narrow)
        y = self.binary("MUL", self.binary("MUL", centred, scale, self.wide),
                        self.constant(self.weights[name + ".weight"]), self.wide)
        return self.binary("ADD", y, self.constant(self.weights[name + ".bias"]), self.wide)

    def embed(self):
        table = "embeddings.{}_embeddings.weight"
        words, kinds = (self.op("GATHER", [self.constant(self.weights[table.format(n)]), t], self.wide, "GatherOptions")
                        for n, t in (("word", self.inputs[0]), ("token_type", self.inputs[2])))
        places = self.constant(self.weights[table.format("position")][None, :self.length])
        x = self.binary("ADD", self.binary("ADD", words, kinds, self.wide), places, self.wide)
        return self.norm(x, "embeddings.LayerNorm")

    def mask(self):
        shape = (1, 1, 1, self.length)
        m = self.op("CAST", [self.inputs[1]], (1, self.length), "CastOptions", inDataType=tfl.TensorType.INT32,
                    outDataType=tfl.TensorType.FLOAT32)
        m = self.op("RESHAPE", [m, self.constant(shape, np.int32)], shape, "ReshapeOptions", newShape=list(shape))
        m = self.binary("SUB", self.constant(1.0), m, shape)
        return self.binary("MUL", m, self.constant(-10000.0), shape)

    def attention(self, x, mask, layer):
        heads, width = self.config["num_attention_heads"], self.config["hidden_size"]
        size, n = width // heads, self.length

        def split(t):
            shape = (1, n, heads, size)
            t = self.op("RESHAPE", [t, self.constant(shape, np.int32)], shape, "ReshapeOptions", newShape=list(shape))
            return self.op("TRANSPOSE", [t, self.constant([0, 2, 1, 3], np.int32)], (1, heads, n, size),
                           "TransposeOptions")
        q, k, v = (split(self.linear(x, f"{layer}attention.self.{p}")) for p in ("query", "key", "value"))
        square = (1, heads, n, n)
        scores = self.op("BATCH_MATMUL", [q, k], square, "BatchMatMulOptions", adjY=True)
        scores = self.binary("MUL", scores, self.constant(1 / math.sqrt(size)), square)
        p = self.op("SOFTMAX", [self.binary("ADD", scores, mask, square)], square, "SoftmaxOptions", beta=1.0)
        y = self.op("BATCH_MATMUL", [p, v], (1, heads, n, size), "BatchMatMulOptions")
        y = self.op("TRANSPOSE", [y, self.constant([0, 2, 1, 3], np.int32)], (1, n, heads, size), "TransposeOptions")
        y = self.op("RESHAPE", [y, self.constant(self.wide, np.int32)], self.wide, "ReshapeOptions",
                    newShape=list(self.wide))
        return self.linear(y, layer + "attention.output.dense")

    def layer(self, x, mask, name):
        x = self.norm(self.binary("ADD", self.attention(x, mask, name), x, self.wide),
                      name + "attention.output.LayerNorm")
        y = self.linear(x, name + "intermediate.dense")
        y = self.linear(self.op("GELU", [y], self.shape(y), "GeluOptions"), name + "output.dense")
        return self.norm(self.binary("ADD", y, x, self.wide), name + "output.LayerNorm")


def write_minilm(path):
    from safetensors.numpy import load_file
    folder = make_models.CACHE / "minilm"
    config = json.loads((folder / "config.json").read_text())
    net = BertWriter(load_file(str(folder / "model.safetensors")), config, 128)
    x, mask = net.embed(), net.mask()
    for i in range(config["num_hidden_layers"]):
        x = net.layer(x, mask, f"encoder.layer.{i}.")
    net.save(path, net.inputs, x)


def write(source, path):
    if source.stem == "minilm":
        return write_minilm(path)
    if source.stem not in ("mobilenet_v2", "resnet50"):
        raise NotImplementedError("LiteRT has no converter from ONNX")
    net = CnnWriter(onnx.load(str(source)))
    net.save(path, [net.values["x"]], net.values["y"])
