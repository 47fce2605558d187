"""One class a runtime: load(file, threads) returns a function that runs the network once.

Every runtime computes on the threads it is given, with its input in place beforehand where its interface
allows that; what it returns is read as a user would read it. `suffixes` are its files: f32 under "", then
int8 (weights and activations, calibrated), dyn8 (activations quantized as they come), and qdq: the int8 file
of ONNX Runtime's quantizer in another runtime.
"""
import os
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]


def aligned(values):
    """A copy that a runtime can read in place: aligned to 64 bytes, with readable memory behind it."""
    memory = np.zeros(values.nbytes + 128, np.uint8)
    start = -memory.ctypes.data % 64
    copy = memory[start:start + values.nbytes].view(values.dtype).reshape(values.shape)
    copy[...] = values
    return copy


def sample(model, seed=1):
    """Seeded inputs of a network, by name."""
    r = np.random.default_rng(seed)
    shapes = {"ppocr_det": (1, 3, 640, 640), "ppocr_rec": (1, 3, 48, 320)}
    if model != "minilm":
        return {"x": aligned(r.standard_normal(shapes.get(model, (1, 3, 224, 224)), dtype=np.float32))}
    return {"input_ids": aligned(r.integers(1000, 30000, (1, 128))),
            "attention_mask": aligned(np.ones((1, 128), np.int64)),
            "token_type_ids": aligned(np.zeros((1, 128), np.int64))}


class Pare:
    suffixes = {"": ".pare", "int8": ".int8.pare", "dyn8": ".dyn8.pare"}

    def __init__(self):
        sys.path.insert(0, str(ROOT / "scripts"))
        import pare
        pare.library()
        self.pare = pare

    def load(self, path, threads, inputs):
        session = self.pare.Session(self.pare.Model(path), threads=threads)
        self.level = session.cpu()
        for name in session.input_names:
            session.bind_input(name, inputs[name])
        name = session.output_names[0]

        def run():
            session.compute()
            return session.output(name)
        return run


class OnnxRuntime:
    suffixes = {"": ".onnx", "int8": ".int8.onnx", "dyn8": ".dyn8.onnx"}

    def __init__(self):
        import onnxruntime
        self.ort = onnxruntime

    def load(self, path, threads, inputs):
        options = self.ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        session = self.ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, inputs)[0]


class OpenVino:
    suffixes = {"": ".onnx", "int8": ".int8.xml", "qdq": ".int8.onnx"}

    def __init__(self):
        import openvino
        self.ov = openvino

    def load(self, path, threads, inputs):
        settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                    "ENABLE_CPU_PINNING": False, "INFERENCE_PRECISION_HINT": "f32"}
        request = self.ov.Core().compile_model(path, "CPU", settings).create_infer_request()
        tensors = {k: self.ov.Tensor(v, shared_memory=True) for k, v in inputs.items()}
        for name, tensor in tensors.items():
            request.set_tensor(name, tensor)

        def run(keep=(inputs, tensors)):
            request.infer()
            return request.get_output_tensor(0).data
        return run


class LiteRt:
    suffixes = {"": ".tflite", "int8": ".int8.tflite", "dyn8": ".dyn8.tflite"}

    def __init__(self):
        from ai_edge_litert.interpreter import Interpreter
        self.interpreter = Interpreter

    def load(self, path, threads, inputs):
        interpreter = self.interpreter(path, num_threads=threads)
        interpreter.allocate_tensors()
        for detail in interpreter.get_input_details():
            values = inputs[detail["name"]]
            if values.ndim == 4:
                values = np.ascontiguousarray(values.transpose(0, 2, 3, 1))
            scale, zero = detail["quantization"]
            if scale:
                values = np.clip(np.rint(values / scale) + zero, -128, 127)
            interpreter.set_tensor(detail["index"], values.astype(detail["dtype"]))
        out = interpreter.get_output_details()[0]
        scale, zero = out["quantization"]

        def run():
            interpreter.invoke()
            y = interpreter.get_tensor(out["index"])
            return (y.astype(np.float32) - zero) * scale if scale else y
        return run


class Mnn:
    suffixes = {"": ".mnn"}

    def __init__(self):
        import MNN
        self.mnn = MNN

    def load(self, path, threads, inputs):
        manager = self.mnn.nn.create_runtime_manager(
            ({"backend": "CPU", "numThread": threads, "precision": "high"},))
        output = "last_hidden_state" if "input_ids" in inputs else "y"
        net = self.mnn.nn.load_module_from_file(path, list(inputs), [output], runtime_manager=manager)
        given = []
        for values in inputs.values():
            floats = values.dtype == np.float32
            values = values if floats else values.astype(np.int32)
            kind = self.mnn.expr.float if floats else self.mnn.expr.int
            given.append(self.mnn.expr.const(values, list(values.shape), self.mnn.expr.NCHW, kind))

        def run():
            return net.forward(given)[0].read()
        run()
        return run


class Ncnn:
    suffixes = {"": ".ncnn.param"}

    def __init__(self):
        import ncnn
        self.ncnn = ncnn

    def load(self, path, threads, inputs):
        net = self.ncnn.Net()
        net.opt.num_threads = threads
        for option in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"):
            setattr(net.opt, option, False)
        if net.load_param(path) or net.load_model(path[:-len("param")] + "bin"):
            raise RuntimeError("ncnn cannot load " + path)
        given = {name: self.ncnn.Mat(np.ascontiguousarray(v[0])).clone()
                 for name, v in zip(net.input_names(), inputs.values())}
        out = list(net.output_names())[0]

        def run():
            extractor = net.create_extractor()
            for name, mat in given.items():
                extractor.input(name, mat)
            code, mat = extractor.extract(out)
            if code:
                raise RuntimeError(f"ncnn extract {code}")
            return np.array(mat)
        return run


PEERS = {"pare": Pare, "onnxruntime": OnnxRuntime, "openvino": OpenVino, "litert": LiteRt, "mnn": Mnn, "ncnn": Ncnn}
# What holds a runtime to a lower instruction set.
LEVELS = {"avx2": {"pare": {"PARE_CPU": "avx2"}, "openvino": {"ONEDNN_MAX_CPU_ISA": "AVX2"}},
          "avxvnni": {"pare": {"PARE_CPU": "avxvnni"}, "openvino": {"ONEDNN_MAX_CPU_ISA": "AVX2_VNNI"}}}


class Row:
    """A row of the table, from its name: PEER, PEER FORMAT, PEER LEVEL or PEER FORMAT LEVEL."""

    def __init__(self, name):
        self.name = name
        self.peer, *rest = name.split()
        self.level = rest.pop() if rest and rest[-1] in LEVELS else ""
        self.format = rest.pop() if rest else ""
        self.environment = LEVELS[self.level][self.peer] if self.level else {}

    def file(self, model):
        return model + PEERS[self.peer].suffixes[self.format]

    def answer(self, model):
        return f"{model}.{self.name.replace(' ', '_')}.npy"


def _names():
    for peer, runtime in PEERS.items():
        for format in runtime.suffixes:
            name = f"{peer} {format}".strip()
            yield from [name] + [f"{name} {level}" for level, held in LEVELS.items() if peer in held]


ROWS = {name: Row(name) for name in _names()}


def library_bytes(peer):
    """Size of the runtime's shared libraries as they are shipped."""
    if peer == "pare":
        path = os.environ.get("PARE_LIBRARY", str(ROOT / "build" / "release" / "runtime" / "libpare.so"))
        return os.path.getsize(path)
    module = {"litert": "ai_edge_litert", "mnn": "MNN"}.get(peer, peer)
    folder = pathlib.Path(sys.modules[module].__file__).parent
    files = set(folder.rglob("*.so*")) | set(folder.parent.glob(f"_{peer}*.so"))
    return sum(p.stat().st_size for p in files if not p.is_symlink())
