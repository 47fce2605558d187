"""The rows of the table: Pare's formats, and the quantizers of others on the same model and calibration data.

A row is a function (task, calibration file) -> (engine, bytes of the file that it runs).
"""
import hashlib
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / p) for p in ("scripts", "demo")]
import engines  # noqa: E402

FOLDER = ROOT / "build" / "accuracy"


def calibration_file(task):
    """All samples in one file, each input with a leading axis of samples; named by what is in it."""
    arrays = {k: np.stack([c[k] for c in task.calibration]) for k in task.calibration[0]}
    digest = hashlib.sha256(b"".join(a.tobytes() for a in arrays.values())).hexdigest()[:8]
    path = FOLDER / f"{task.name}.{digest}.npz"
    if not path.exists():
        np.savez(path, **arrays)
    return path


def pare(*options, calibrate=True):
    def build(task, data):
        name = "".join(c if c.isalnum() else "_" for c in f"{task.name} {' '.join(options)}")
        target = FOLDER / f"{name}.pare"
        given = ["--calibrate", data] if calibrate else []
        engines.call(engines.tool("pare"), "convert", task.source, "-o", target, *options, *given)
        return engines.Pare(target, {k: v.shape for k, v in task.calibration[0].items()}), target.stat().st_size
    return build


def ort_float(task, _):
    return engines.Ort(task.source), task.source.stat().st_size


def prepared(task, optimize=True):
    """The model as ONNX Runtime's quantizer wants it: scales by channel need operator set 13."""
    import onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process
    path = FOLDER / f"{task.name}.{'prepared' if optimize else 'plain'}.onnx"
    if not path.exists():
        model = onnx.load(str(task.source))
        if max(o.version for o in model.opset_import if o.domain in ("", "ai.onnx")) < 13:
            model = onnx.version_converter.convert_version(model, 13)
        onnx.save(model, str(path))
        quant_pre_process(str(path), str(path), skip_symbolic_shape=True, skip_optimization=not optimize)
    return path


def ort_static(method):
    """Without its optimizer where what that makes does not load."""
    def build(task, data):
        target = FOLDER / f"{data.stem}.ort_{method}.onnx"
        for optimize in (True, False):
            if not target.exists():
                quantize_by_ort(task, prepared(task, optimize), target, method)
            try:
                return engines.Ort(target), target.stat().st_size
            except Exception:  # noqa: BLE001
                target.unlink()
                if not optimize:
                    raise
    return build


def quantize_by_ort(task, source, target, method):
    from onnxruntime import quantization as q

    class Reader(q.CalibrationDataReader):
        def __init__(self):
            self.samples = iter(task.calibration)

        def get_next(self):
            return next(self.samples, None)
    # The adjustment fails on some models, and helps none of these.
    q.quantize_static(str(source), str(target), Reader(), quant_format=q.QuantFormat.QDQ, per_channel=True,
                      activation_type=q.QuantType.QUInt8, weight_type=q.QuantType.QInt8,
                      calibrate_method=getattr(q.CalibrationMethod, method),
                      extra_options={"QDQDisableWeightAdjustForInt32Bias": True})


def ort_dynamic(task, _):
    from onnxruntime import quantization as q
    target = FOLDER / f"{task.name}.ort_dynamic.onnx"
    if not target.exists():
        q.quantize_dynamic(str(prepared(task)), str(target), per_channel=True, weight_type=q.QuantType.QInt8)
    return engines.Ort(target), target.stat().st_size


def nncf_static(task, data):
    import nncf
    import onnx
    target = FOLDER / f"{data.stem}.nncf.onnx"
    if not target.exists():
        dataset = nncf.Dataset(task.calibration)
        model = nncf.quantize(onnx.load(str(prepared(task, optimize=False))), dataset,
                              subset_size=len(task.calibration))
        onnx.save(model, str(target))
    return engines.Ort(target), target.stat().st_size


METHODS = ["minmax", "average", "percentile", "entropy", "mse"]
ROWS = {
    "f32": pare(calibrate=False),
    "f16": pare("--quantize", "f16"),
    "int8": pare("--quantize", "int8"),
    **{f"int8 {m}": pare("--quantize", "int8", "--calibration-method", m) for m in METHODS},
    "int8-dynamic": pare("--quantize", "int8-dynamic", calibrate=False),
    **{f"int4:g{g}": pare("--quantize", f"int4:g{g}") for g in (32, 64, 128)},
    "nf4": pare("--quantize", "nf4"),
    "ORT int8 minmax": ort_static("MinMax"),
    "ORT int8 entropy": ort_static("Entropy"),
    "ORT int8 percentile": ort_static("Percentile"),
    "ORT int8-dynamic": ort_dynamic,
    "NNCF int8": nncf_static,
}
