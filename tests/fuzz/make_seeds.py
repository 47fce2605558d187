"""make_seeds.py BUILD FOLDER: seeds for the fuzz targets, from real files of each kind.

ONNX: the node tests of Debian's libonnx-testdata and the small real models that are at hand; .pare: some of
those, converted by the build's `pare`; arrays, safetensors and adapters: written here, small.
"""
import io
import json
import pathlib
import subprocess
import sys

import numpy as np
from safetensors.numpy import save

BUILD, OUT = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
NODES = pathlib.Path("/usr/share/libonnx-testdata/data/node")
LARGEST = 60000


def put(target, name, data):
    folder = OUT / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def onnx_files():
    """Every third node test, which still is every operator; small enough to mutate fast."""
    files = sorted(NODES.glob("*/model.onnx"))[::3]
    return [f for f in files if f.stat().st_size < LARGEST]


def make_onnx():
    for path in onnx_files():
        put("fuzz_onnx", path.parent.name, path.read_bytes())


def make_pare():
    pare = next((p for p in BUILD.rglob("pare") if p.is_file()), None)
    (OUT / "fuzz_model").mkdir(parents=True, exist_ok=True)
    for path in onnx_files()[::2] if pare else []:
        subprocess.run([pare, "convert", path, "-o", OUT / "fuzz_model" / path.parent.name, "--quiet"],
                       capture_output=True, stdin=subprocess.DEVNULL)
    for path in pathlib.Path("tests").rglob("*.pare"):
        put("fuzz_model", path.name, path.read_bytes())


def make_arrays():
    r = np.random.default_rng(1)
    arrays = {"a": r.standard_normal((2, 3)).astype(np.float32), "b": np.arange(5), "c": np.array(True)}
    for save_arrays, name in ((np.savez, "plain.npz"), (np.savez_compressed, "deflated.npz")):
        data = io.BytesIO()
        save_arrays(data, **arrays)
        put("fuzz_npz", name, data.getvalue())
    for i, array in enumerate([*arrays.values(), np.asfortranarray(arrays["a"]), np.zeros((0, 4), np.float16)]):
        data = io.BytesIO()
        np.save(data, array)
        put("fuzz_npz", f"{i}.npy", data.getvalue())


def make_safetensors():
    r = np.random.default_rng(2)

    def f32(*shape):
        return r.standard_normal(shape).astype(np.float32)
    layer = "encoder.layer.0."
    tensors = {"embeddings.word_embeddings.weight": f32(16, 8), "embeddings.position_embeddings.weight": f32(8, 8),
               "embeddings.token_type_embeddings.weight": f32(2, 8)}
    for name, outputs, inputs in (("attention.self.query", 8, 8), ("attention.self.key", 8, 8),
                                  ("attention.self.value", 8, 8), ("attention.output.dense", 8, 8),
                                  ("intermediate.dense", 12, 8), ("output.dense", 8, 12)):
        tensors[f"{layer}{name}.weight"], tensors[f"{layer}{name}.bias"] = f32(outputs, inputs), f32(outputs)
    for name in ("embeddings.", layer + "attention.output.", layer + "output."):
        tensors[f"{name}LayerNorm.weight"], tensors[f"{name}LayerNorm.bias"] = f32(8), f32(8)
    config = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
              "intermediate_size": 12, "vocab_size": 16, "max_position_embeddings": 8, "type_vocab_size": 2,
              "hidden_act": "gelu", "layer_norm_eps": 1e-12}
    bert = save(tensors)
    put("fuzz_safetensors", "bert", bert)
    put("fuzz_safetensors", "types", save({"h": f32(3).astype(np.float16), "i": np.arange(3), "z": f32(0, 2)}))
    put("fuzz_hugging_face", "bert", json.dumps(config).encode() + b"\0" + bert)
    module = f"base_model.model.{layer}attention.self.query.lora_"
    adapter = save({module + "A.weight": f32(2, 8), module + "B.weight": f32(8, 2)})
    for name, extra in (("plain", {}), ("rslora", {"use_rslora": True}), ("patterns", {"rank_pattern": {"query": 2}})):
        peft = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["query"]} | extra
        put("fuzz_lora", name, json.dumps(peft).encode() + b"\0" + adapter)


for make in (make_onnx, make_pare, make_arrays, make_safetensors):
    make()
print("seeds: " + ", ".join(f"{len(list(f.iterdir()))} {f.name}" for f in sorted(OUT.iterdir())))
