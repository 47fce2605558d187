"""Quantizes the networks for each runtime, by its own quantizer, all on the same made-up calibration data.

Speed does not depend on the data; bench/accuracy is about accuracy.
"""
import numpy as np
import onnx
import onnx.version_converter

import make_peer_files
import peers

SAMPLES = 8
ENCODERS = ("minilm",)


def calibration(model):
    return [peers.sample(model, seed=100 + i) for i in range(SAMPLES)]


def stacked(model):
    """All samples in one .npz, along the leading axis."""
    samples = calibration(model)
    return {name: np.stack([s[name] for s in samples]) for name in samples[0]}


def to_pare(source, target, format):
    data = target.with_suffix(".npz")
    np.savez(data, **stacked(source.stem))
    words = ["int8", "--calibrate", data] if format == "int8" else ["int8-dynamic"]
    make_peer_files.to_pare(source, target, "--quantize", *words)


class Reader:
    """Calibration data as ONNX Runtime's quantizer reads it."""

    def __init__(self, model):
        self.samples = iter(calibration(model))

    def get_next(self):
        return next(self.samples, None)


def to_onnxruntime(source, target, format):
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_dynamic, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process
    encoder = source.stem in ENCODERS
    network = onnx.load(str(source))
    if network.opset_import[0].version < 13:  # scales for each channel came with 13
        network = onnx.version_converter.convert_version(network, 13)
    prepared = target.with_suffix(".prepared.onnx")
    onnx.save(network, str(prepared))
    quant_pre_process(str(prepared), str(prepared), skip_symbolic_shape=True, skip_optimization=encoder)
    types = ["MatMul", "Gemm"] if encoder else None
    if format == "dyn8":
        quantize_dynamic(str(prepared), str(target), per_channel=True, weight_type=QuantType.QInt8,
                         op_types_to_quantize=types)
    else:
        quantize_static(str(prepared), str(target), Reader(source.stem), quant_format=QuantFormat.QDQ, per_channel=True,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, op_types_to_quantize=types)
    prepared.unlink()


def to_openvino(source, target, format):
    import nncf
    import openvino
    if format == "qdq":
        if not target.exists():
            to_onnxruntime(source, target, "int8")
        return
    kind = {"model_type": nncf.ModelType.TRANSFORMER} if source.stem in ENCODERS else {}
    network = nncf.quantize(openvino.convert_model(str(source)), nncf.Dataset(calibration(source.stem)),
                            subset_size=SAMPLES, **kind)
    openvino.save_model(network, str(target), compress_to_fp16=False)


def to_litert(source, target, format):
    import make_tflite
    from ai_edge_quantizer import quantizer, recipe
    plain = target.with_suffix(".f32")
    make_tflite.write(source, plain)
    quantizing = quantizer.Quantizer(str(plain), getattr(recipe, {"int8": "static_wi8_ai8", "dyn8": "dynamic_wi8_afp32"}
                                                         [format])())
    ranges = None
    if quantizing.need_calibration:
        def as_litert(values):
            values = values.transpose(0, 2, 3, 1) if values.ndim == 4 else values
            return np.ascontiguousarray(values, np.int32 if values.dtype == np.int64 else values.dtype)
        data = [{name: as_litert(v) for name, v in s.items()} for s in calibration(source.stem)]
        ranges = quantizing.calibrate({"serving_default": data})
    quantizing.quantize(ranges).export_model(str(target), overwrite=True)
    plain.unlink()


CONVERTERS = {"pare": to_pare, "onnxruntime": to_onnxruntime, "openvino": to_openvino, "litert": to_litert}
