"""Pare's C API from Python with numpy, by ctypes: what the demo, the model tests and the benchmarks use.

    session = Session(Model("net.pare"), threads=2, dims={"batch": 4})
    scores = session.run({"x": pixels})["scores"]

PARE_LIBRARY names the shared library; by default it is the one of build/release.
"""
import ctypes as c
import os
import pathlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_RANK = 8
DTYPES = [np.float32, np.float16, None, np.float64, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32,
          np.int64, np.uint64, np.bool_]


class PareError(RuntimeError):
    pass


class Error(c.Structure):
    _fields_ = [("status", c.c_int), ("message", c.c_char * 508)]


class Shape(c.Structure):
    _fields_ = [("rank", c.c_int32), ("dims", c.c_int64 * MAX_RANK)]

    @classmethod
    def of(cls, dims):
        return cls(len(dims), (c.c_int64 * MAX_RANK)(*dims))

    def tuple(self):
        return tuple(self.dims[:self.rank])


class Dim(c.Structure):
    _fields_ = [("name", c.c_char_p), ("size", c.c_int64)]


class InputHint(c.Structure):
    _fields_ = [("name", c.c_char_p), ("shape", c.POINTER(Shape)), ("values", c.c_void_p)]


class Options(c.Structure):
    _fields_ = [("struct_size", c.c_size_t), ("entry", c.c_char_p), ("threads", c.c_uint32), ("cpu", c.c_char_p),
                ("dims", c.POINTER(Dim)), ("dim_count", c.c_size_t), ("inputs", c.POINTER(InputHint)),
                ("input_count", c.c_size_t), ("max_trips", c.c_int64), ("arena", c.c_void_p),
                ("arena_bytes", c.c_size_t), ("log", c.c_void_p), ("log_context", c.c_void_p)]


class Memory(c.Structure):
    _fields_ = [("arena", c.c_uint64), ("activations", c.c_uint64), ("scratch", c.c_uint64), ("plan", c.c_uint64)]


class Tensor(c.Structure):
    _fields_ = [("name", c.c_char_p), ("dtype", c.c_int), ("shape", Shape), ("data", c.c_void_p),
                ("bytes", c.c_size_t), ("capacity", c.c_size_t)]

    def array(self):
        """A view of the tensor's memory."""
        dtype = np.dtype(DTYPES[self.dtype])
        shape = self.shape.tuple()
        if self.bytes == 0:
            return np.empty(shape, dtype)
        return np.frombuffer((c.c_char * self.bytes).from_address(self.data), dtype).reshape(shape)


def _load():
    default = ROOT / "build" / "release" / "runtime" / "libpare.so"
    lib = c.CDLL(os.environ.get("PARE_LIBRARY", str(default)))
    for name in ("pare_model_bytes", "pare_model_hash"):
        getattr(lib, name).restype = c.c_uint64
    for name in ("pare_version_string", "pare_session_cpu", "pare_model_metadata", "pare_model_producer"):
        getattr(lib, name).restype = c.c_char_p
    return lib


_lib = None


def library():
    global _lib
    if _lib is None:
        _lib = _load()
    return _lib


def _check(status, error):
    if status != 0:
        raise PareError(error.message.decode(errors="replace"))


class Model:
    def __init__(self, path):
        self._handle, error = c.c_void_p(), Error()
        _check(library().pare_model_open(os.fsencode(path), 0, c.byref(self._handle), c.byref(error)), error)

    def metadata(self, key):
        """The text that travels with the model under `key`, or None."""
        value = library().pare_model_metadata(self._handle, key.encode())
        return None if value is None else value.decode()

    def __del__(self):
        if self._handle:
            library().pare_model_close(self._handle)


class Session:
    """`inputs`: {name: shape} or, where the values decide sizes, {name: array}."""

    def __init__(self, model, threads=1, dims=None, inputs=None, cpu=None):
        lib = library()
        self._model, self._handle, self._bound, error = model, c.c_void_p(), {}, Error()
        options = Options()
        lib.pare_session_options_init(c.byref(options))
        options.threads = threads
        options.cpu = cpu.encode() if cpu else None
        dims, hints = dims or {}, inputs or {}
        options.dims = (Dim * len(dims))(*(Dim(k.encode(), v) for k, v in dims.items()))
        options.dim_count = len(dims)
        arrays = {k: np.asarray(v, order="C") for k, v in hints.items() if isinstance(v, np.ndarray)}
        shapes = {k: Shape.of(arrays[k].shape if k in arrays else v) for k, v in hints.items()}
        options.inputs = (InputHint * len(hints))(*(
            InputHint(k.encode(), c.pointer(shapes[k]), arrays[k].ctypes.data if k in arrays else None)
            for k in hints))
        options.input_count = len(hints)
        _check(lib.pare_session_create(model._handle, c.byref(options), c.byref(self._handle), c.byref(error)), error)
        self.input_names = [self._tensor("input", i).name.decode() for i in range(self._count("input"))]
        self.output_names = [self._tensor("output", i).name.decode() for i in range(self._count("output"))]

    def _count(self, kind):
        return getattr(library(), f"pare_session_{kind}_count")(self._handle)

    def _tensor(self, kind, i):
        tensor = Tensor()
        status = getattr(library(), f"pare_session_{kind}")(self._handle, c.c_uint32(i), c.byref(tensor))
        if status != 0:
            raise PareError(f"no {kind} {i}")
        return tensor

    def input(self, name):
        """The input's memory, to be written before run(); valid until its shape changes."""
        return self._tensor("input", self.input_names.index(name)).array()

    def bind_input(self, name, array):
        """Reads an input from `array`, which pare_session_bind_input says how to lay out, at every run."""
        i, error = self.input_names.index(name), Error()
        tensor = self._tensor("input", i)
        if (array.dtype, array.shape) != (DTYPES[tensor.dtype], tensor.shape.tuple()) or not array.flags.c_contiguous:
            raise PareError(f"input {name} is {tensor.shape.tuple()} of another type, or not contiguous")
        _check(library().pare_session_bind_input(self._handle, c.c_uint32(i), c.c_void_p(array.ctypes.data),
                                                 c.c_size_t(array.nbytes), c.byref(error)), error)
        self._bound[name] = array

    def output(self, name):
        """The output's memory, valid until the next run."""
        return self._tensor("output", self.output_names.index(name)).array()

    def compute(self):
        error = Error()
        _check(library().pare_session_run(self._handle, c.byref(error)), error)

    def set_inputs(self, arrays):
        error = Error()
        now = [self._tensor("input", i).shape.tuple() for i in range(len(self.input_names))]
        wanted = [arrays[n].shape if n in arrays else s for n, s in zip(self.input_names, now)]
        if wanted != now:
            shapes = (Shape * len(wanted))(*(Shape.of(s) for s in wanted))
            _check(library().pare_session_resize(self._handle, shapes, c.c_size_t(len(wanted)), c.byref(error)), error)
        for name, array in arrays.items():
            target = self.input(name)
            if target.dtype != array.dtype:
                raise PareError(f"input {name} is {target.dtype}, not {array.dtype}")
            target[...] = array

    def run(self, arrays):
        """Computes the outputs for {name: array}; returns {name: array}, copied."""
        self.set_inputs(arrays)
        self.compute()
        return {name: self.output(name).copy() for name in self.output_names}

    def memory(self):
        memory = Memory()
        library().pare_session_memory(self._handle, c.byref(memory))
        return {name: getattr(memory, name) for name, _ in Memory._fields_}

    def cpu(self):
        return library().pare_session_cpu(self._handle).decode()

    def __del__(self):
        if self._handle:
            library().pare_session_destroy(self._handle)
