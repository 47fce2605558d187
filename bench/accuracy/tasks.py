"""What each model is for, and how well it does it. Calibration data and test data are always others.

A task has `source` (an ONNX file), `calibration` (inputs by name), `answers(engine)` (the output of each test
input, in order) and `score(answers)`: a number up to 1, higher is better.
"""
import hashlib
import json
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / p) for p in ("scripts", "demo", "bench/compare")]
import drawn_text  # noqa: E402
import engines  # noqa: E402
import fetch_models  # noqa: E402
import files_and_notes  # noqa: E402
import make_models  # noqa: E402
import sentences  # noqa: E402
import sounds  # noqa: E402
import speech  # noqa: E402
import text_in_images  # noqa: E402


class Task:
    metric = "share right"
    output = None  # the first where it is not named

    def __init__(self, scale=1.0):
        """`scale`: share of the test data that is used."""
        self.scale = scale
        self.source = fetch_models.CACHE / self.name / "model.onnx"
        self.prepare()

    def count(self, n):
        return max(1, round(n * self.scale))

    def answers(self, engine):
        for inputs in self.inputs:
            outputs = engine.run(inputs)
            yield outputs[self.output] if self.output else next(iter(outputs.values()))


class Recogniser(Task):
    name, metric = "ppocr_rec", "lines read without a fault"

    def prepare(self):
        self.calibration = [{"x": x} for x, _ in drawn_text.lines(1, 48, drawn_text.CALIBRATION_TEXTS)]
        test = drawn_text.lines(2, self.count(600), drawn_text.TEST_TEXTS)
        self.inputs, self.texts = [{"x": x} for x, _ in test], [t for _, t in test]
        characters = engines.Ort(self.source).session.get_modelmeta().custom_metadata_map["character"]
        self.characters = ["", *characters.split("\n"), " "]

    def score(self, answers):
        # The network was trained without spaces between words.
        read = [text_in_images.decode(a, self.characters).replace(" ", "") for a in answers]
        return np.mean([r == t.replace(" ", "") for r, t in zip(read, self.texts)])


class Detector(Task):
    name, metric = "ppocr_det", "F1 of lines found"

    def prepare(self):
        self.calibration = [{"x": x} for x, _ in drawn_text.pages(1, 16, drawn_text.CALIBRATION_TEXTS)]
        test = drawn_text.pages(2, self.count(60), drawn_text.TEST_TEXTS)
        self.inputs, self.boxes = [{"x": x} for x, _ in test], [b for _, b in test]

    def score(self, answers):
        hits = found = wanted = 0
        for answer, boxes in zip(answers, self.boxes):
            lines = text_in_images.find_lines(answer, answer.shape[:1:-1])
            hits += sum(any(overlap(line, box) > 0.5 for line in lines) for box in boxes)
            found, wanted = found + len(lines), wanted + len(boxes)
        return 2 * hits / max(1, found + wanted)


def overlap(a, b):
    """Intersection over union of two boxes."""
    def area(x0, y0, x1, y1):
        return max(0, x1 - x0) * max(0, y1 - y0)
    both = area(max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
    return both / (area(*a) + area(*b) - both)


class Direction(Task):
    name, metric = "ppocr_cls", "directions right"

    def prepare(self):
        self.calibration = [{"x": x} for x, _ in drawn_text.turned_lines(1, 32, drawn_text.CALIBRATION_TEXTS)]
        test = drawn_text.turned_lines(2, self.count(600), drawn_text.TEST_TEXTS)
        self.inputs, self.turned = [{"x": x} for x, _ in test], [t for _, t in test]

    def score(self, answers):
        return np.mean([bool(a[0].argmax()) == t for a, t in zip(answers, self.turned)])


class Voice(Task):
    name, metric = "silero_vad", "area under the ROC curve"

    def prepare(self):
        texts = [" ".join(drawn_text.words_of(t)) for t in (drawn_text.CALIBRATION_TEXTS, drawn_text.TEST_TEXTS)]
        sound, _ = sounds.spoken(1, 6, texts[0], sounds.CALIBRATION_VOICES)
        self.calibration = self.stream(engines.Ort(self.source), sound)[::4]
        self.sound, self.truth = sounds.spoken(2, self.count(80), texts[1], sounds.TEST_VOICES)

    @staticmethod
    def stream(engine, sound):
        """What the network is given while it listens, its own state with it."""
        given = []

        class Recorder:
            def run(self, inputs):
                given.append({k: v.astype(np.float32) for k, v in inputs.items()})
                return engine.run(inputs)
        speech.listen(Recorder(), sound)
        return given

    def answers(self, engine):
        return [speech.listen(engine, self.sound)]

    def score(self, answers):
        spoken, silent = answers[0][self.truth], answers[0][~self.truth]
        return np.mean(spoken[:, None] > silent) + 0.5 * np.mean(spoken[:, None] == silent)


class Sentences(Task):
    name, metric = "minilm", "rank correlation of likenesses with f32's"
    length = 64

    def prepare(self):
        self.folder, self.source = self.source.parent, ROOT / "build" / "accuracy" / "minilm.onnx"
        make_models.minilm(self.folder, self.source)
        self.calibration = [self.tokens(t) for t in self.passages(1, 32, drawn_text.CALIBRATION_TEXTS)]
        test = self.passages(2, self.count(160), drawn_text.TEST_TEXTS) + sentences.SENTENCES
        self.inputs = [self.tokens(t) for t in test]
        self.wanted = None

    @staticmethod
    def passages(seed, count, texts):
        random, words = np.random.default_rng(seed), drawn_text.words_of(texts)
        starts = random.integers(0, len(words) - 40, count)
        return [" ".join(words[s:s + random.integers(5, 40)]) for s in starts]

    def tokens(self, text):
        """Padded to one length, as calibration wants it."""
        return {k: np.pad(v[:, :self.length], ((0, 0), (0, self.length - v[:, :self.length].shape[1])))
                for k, v in sentences.tokenize(self.folder, [text]).items()}

    def score(self, answers):
        vectors = np.concatenate([sentences.embeddings({"y": a}, i["attention_mask"])
                                  for a, i in zip(answers, self.inputs)])
        likeness = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
        ranks = np.argsort(np.argsort(likeness))
        if self.wanted is None:
            self.wanted = ranks
        return np.corrcoef(ranks, self.wanted)[0, 1]


class FileKinds(Task):
    name, metric, output = "magika", "kinds of files right", "target_label"
    kinds = {".py": "python", ".sh": "shell", ".html": "html", ".xml": "xml", ".json": "json", ".js": "javascript",
             ".css": "css", ".png": "png", ".svg": "svg", ".gz": "gzip", ".pm": "perl", ".pl": "perl", ".ttf": "ttf",
             ".md": "markdown", ".yaml": "yaml", ".yml": "yaml", ".cmake": "cmake", ".proto": "proto", ".pyc":
             "pythonbytecode", ".cc": "cpp", ".hpp": "cpp", ".gif": "gif", ".zip": "zip", ".whl": "zip", ".npz": "npz",
             ".npy": "npy", ".onnx": "onnx", ".toml": "toml"}
    places = [pathlib.Path(p) for p in ("/usr/share", "/usr/include", "/usr/lib/python3", "/usr/lib/python3.11")]

    def prepare(self):
        labels = json.loads((self.source.parent / "config.min.json").read_text())["target_labels_space"]
        calibration, test = self.files(60)
        test = test[::max(1, round(1 / self.scale))]
        self.calibration = [{"bytes": files_and_notes.file_features(p)} for p in calibration[:64]]
        self.inputs = [{"bytes": files_and_notes.file_features(p)} for p in test]
        self.wanted = [labels.index(self.kinds[p.suffix]) for p in test]

    def files(self, each):
        """Those of this machine, at most `each` of a kind; a sixth of them to calibrate with."""
        found = {}
        for place in [*self.places, ROOT]:
            for path in sorted(place.rglob("*")):
                if path.suffix in self.kinds and path.is_file() and path.stat().st_size > 200:
                    found.setdefault(path.suffix, []).append(path)
        calibration, test = [], []
        for paths in found.values():
            paths.sort(key=lambda p: hashlib.sha256(str(p).encode()).digest())
            calibration += paths[:each // 6]
            test += paths[each // 6:each]
        calibration.sort(key=lambda p: hashlib.sha256(str(p).encode()).digest())
        return calibration, test

    def score(self, answers):
        return np.mean([int(a[0].argmax()) == w for a, w in zip(answers, self.wanted)])


class Notes(Task):
    name, metric, output = "basic_pitch", "notes right", "StatefulPartitionedCall:1"

    def prepare(self):
        key = "serving_default_input_2:0"
        self.calibration = [{key: x} for x, _ in sounds.windows(1, 8)]
        test = sounds.windows(2, self.count(60))
        self.inputs, self.midi = [{key: x} for x, _ in test], [m for _, m in test]

    def score(self, answers):
        right = []
        for answer, midi in zip(answers, self.midi):
            parts = np.array_split(answer[0], sounds.NOTES)
            right += [21 + int(p[2:-2].mean(axis=0).argmax()) == m for p, m in zip(parts, midi)]
        return np.mean(right)


TASKS = {t.name: t for t in (Recogniser, Detector, Direction, Voice, Sentences, FileKinds, Notes)}
