#!/usr/bin/env python3
"""Real models, converted by Pare and run on text, speech, files and music, with ONNX Runtime beside it.

Pictures, sound and a summary go to build/demo. A section whose model cannot be had says so and is left out.
"""
import argparse
import os
import sys
import time
import traceback

import numpy as np

import engines
import files_and_notes
import sentences
import speech
import text_in_images
from engines import OUT, ROOT, Ort, Pare, convert, difference

sys.path += [str(ROOT / "scripts"), str(ROOT / "bench" / "compare")]
import fetch_models  # noqa: E402
import make_models  # noqa: E402

MODELS = fetch_models.CACHE


def progress(done, total, what):
    """A bar on a terminal; a line a step elsewhere."""
    if sys.stderr.isatty():
        bar = "#" * round(24 * done / total)
        print(f"\r[{bar:<24}] {what:<44}", end="\n" if done == total else "", file=sys.stderr, flush=True)
    elif done < total:
        print(f"[{done + 1}/{total}] {what}", file=sys.stderr, flush=True)


def show_text(threads):
    page, truth = text_in_images.draw_page()
    page.save(OUT / "page.png")
    files = {m: MODELS / m / "model.onnx" for m in ("ppocr_det", "ppocr_rec")}
    x = text_in_images.to_nchw(page)
    widest = (1, 3, 48, 2048)
    pare_files = {m: convert(f, m) for m, f in files.items()}
    detector = Pare(pare_files["ppocr_det"], {"x": x.shape}, threads)
    recogniser = Pare(pare_files["ppocr_rec"], {"x": widest}, threads)
    characters = recogniser.model.metadata("character")
    theirs_rec = Ort(files["ppocr_rec"], threads)
    if characters is None:
        characters = theirs_rec.session.get_modelmeta().custom_metadata_map["character"]
    characters = ["", *characters.split("\n"), " "]
    ours, map_ours = text_in_images.read_page(page, detector, recogniser, characters)
    theirs, map_theirs = text_in_images.read_page(page, Ort(files["ppocr_det"], threads), theirs_rec, characters)
    text_in_images.draw_result(page, ours, OUT / "text.png")
    print(f"  {'printed':<44}{'Pare reads':<44}ONNX Runtime reads")
    for i in range(max(len(truth), len(ours), len(theirs))):
        column = [part[i] if i < len(part) else "-" for part in (truth, [t for _, t in ours], [t for _, t in theirs])]
        print(f"  {column[0]:<44}{column[1]:<44}{column[2]}")
    same = [t for _, t in ours] == [t for _, t in theirs]
    print(f"  same text as ONNX Runtime: {'yes' if same else 'NO'}   picture: build/demo/text.png")
    line = text_in_images.line_input(page, ours[0][0])
    rows = [(engines.measure("ppocr_det", pare_files["ppocr_det"], files["ppocr_det"], {"x": x}, threads),
             difference({"": map_ours}, {"": map_theirs})),
            (engines.measure("ppocr_rec", pare_files["ppocr_rec"], files["ppocr_rec"], {"x": line}, threads),
             difference(recogniser.run({"x": line}), theirs_rec.run({"x": line})))]
    return rows


def show_sentences(threads):
    folder = MODELS / "minilm"
    reference = OUT / "minilm.onnx"
    make_models.minilm(folder, reference)
    pare_file = convert(folder, "minilm")
    inputs = sentences.tokenize(folder, sentences.SENTENCES)
    ours = Pare(pare_file, {k: v.shape for k, v in inputs.items()}, threads)
    wanted = {k: v for k, v in inputs.items() if k in ours.session.input_names}
    mine = sentences.embeddings(ours.run(wanted), inputs["attention_mask"])
    theirs = sentences.embeddings(Ort(reference, threads).run(inputs), inputs["attention_mask"])
    similarity = mine @ mine.T
    for text, row in zip(sentences.SENTENCES, similarity):
        print(f"  {text:<46}" + " ".join(f"{v:5.2f}" for v in row))
    sentences.draw_matrix(similarity, OUT / "sentences.png")
    print("  picture: build/demo/sentences.png")
    error = float(np.max(np.abs(similarity - theirs @ theirs.T)))
    print(f"  largest difference of a similarity to ONNX Runtime's: {error:.1e}")
    single = {k: v[:1] for k, v in wanted.items()}
    return [(engines.measure("minilm", pare_file, reference, single, threads), difference({"": mine}, {"": theirs}))]


def show_speech(threads):
    sound, spoken = speech.make_sound()
    speech.save_wav(sound, OUT / "speech.wav")
    source = MODELS / "silero_vad" / "model.onnx"
    pare_file = convert(source, "silero_vad")
    ours = speech.listen(Pare(pare_file), sound)
    theirs = speech.listen(Ort(source), sound)
    found, reference = speech.segments(ours), speech.segments(theirs)
    seconds = len(sound) / speech.RATE
    print(f"  spoken        {speech.timeline(spoken, seconds)}")
    print(f"  Pare          {speech.timeline(found, seconds)}")
    print(f"  ONNX Runtime  {speech.timeline(reference, seconds)}")
    for a, b in found:
        print(f"  someone speaks from {a:5.2f} s to {b:5.2f} s")
    speech.draw_timeline(sound, ours, found, OUT / "speech.png")
    print("  sound and picture: build/demo/speech.wav, build/demo/speech.png")
    chunk = {"input": np.concatenate([np.zeros(64, np.float32), sound[16000:16512]])[None],
             "state": np.zeros((2, 1, 128), np.float32)}
    return [(engines.measure("silero_vad", pare_file, source, chunk, 1), float(np.max(np.abs(ours - theirs))))]


def show_files_and_notes(threads):
    rows = []
    source = MODELS / "magika" / "model.onnx"
    pare_file = convert(source, "magika")
    paths = [ROOT / p for p in ("README.md", "CMakeLists.txt", "Makefile", "CMakePresets.json", "scripts/setup.sh",
                                "demo/main.py", "runtime/core/arena.cc", "build/demo/page.png")]
    paths = [p for p in paths if p.exists()]
    config = MODELS / "magika" / "config.min.json"
    first = {"bytes": files_and_notes.file_features(paths[0])}
    ours, theirs = Pare(pare_file, {"bytes": (1, 2048)}, threads), Ort(source, threads)
    print("  files: " + ", ".join(f"{p.name} = {k}" for p, k in zip(paths, files_and_notes.kinds(ours, config, paths))))
    rows.append((engines.measure("magika", pare_file, source, first, threads),
                 difference(ours.run(first), theirs.run(first))))
    source = MODELS / "basic_pitch" / "model.onnx"
    pare_file = convert(source, "basic_pitch")
    sound = files_and_notes.play_melody()
    name = "serving_default_input_2:0"
    ours, theirs = Pare(pare_file, {name: sound.shape}, threads), Ort(source, threads)
    heard = files_and_notes.hear_melody(ours, name, sound)
    print("  notes played: " + " ".join(map(files_and_notes.note_name, files_and_notes.MELODY)) +
          "   heard: " + " ".join(map(files_and_notes.note_name, heard)))
    rows.append((engines.measure("basic_pitch", pare_file, source, {name: sound}, threads),
                 difference(ours.run({name: sound}), theirs.run({name: sound}))))
    return rows


SECTIONS = [
    ("Text in an image (PP-OCRv4)", ("ppocr_det", "ppocr_rec"), show_text),
    ("How alike sentences are (MiniLM)", ("minilm",), show_sentences),
    ("Where someone speaks (silero-vad)", ("silero_vad",), show_speech),
    ("Kinds of files (magika), notes (basic-pitch)", ("magika", "basic_pitch"), show_files_and_notes),
]


def summary(rows, threads):
    mib = 1 << 20
    lines = [f"Pare beside ONNX Runtime, {threads} thread(s), this machine; memory: peak above the empty process",
             f"{'model':<13}{'file MiB':>16}{'load ms':>17}{'latency ms':>17}{'memory MiB':>17}{'difference':>12}",
             f"{'':<13}" + f"{'Pare':>9}{'ONNX':>8}" + 3 * f"{'Pare':>9}{'ORT':>8}" + f"{'of range':>11}"]
    for row, error in rows:
        p, o = row["pare"], row["ort"]
        lines.append(f"{row['model']:<13}{p['file_bytes'] / mib:9.1f}{row['onnx_bytes'] / mib:8.1f}"
                     f"{p['load_ms']:9.1f}{o['load_ms']:8.1f}{p['median_ms']:9.2f}{o['median_ms']:8.2f}"
                     f"{p['rss_bytes'] / mib:9.1f}{o['rss_bytes'] / mib:8.1f}{error:11.1e}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    threads = parser.parse_args().threads
    start = time.time()
    OUT.mkdir(parents=True, exist_ok=True)
    names = [m for _, models, _ in SECTIONS for m in models]
    missing = {}
    for i, name in enumerate(names):
        progress(i, len(names), f"fetching {name}")
        missing.update(fetch_models.fetch([name]))
    progress(len(names), len(names), "models are in build/models")
    rows, failed = [], []
    for i, (title, models, show) in enumerate(SECTIONS):
        print(f"\n== {title}", flush=True)
        gone = [f"  left out: {missing[m]}" for m in models if m in missing]
        if gone:
            print("\n".join(gone))
            continue
        try:
            rows += show(threads)
        except (OSError, RuntimeError, KeyError) as e:
            failed.append(title)
            print(f"  failed: {e}")
            if os.environ.get("PARE_DEMO_TRACE"):
                traceback.print_exc()
    text = summary(rows, threads)
    print(f"\n{text}\n\n{time.time() - start:.0f} s; pictures, sound and this table are in build/demo")
    (OUT / "summary.txt").write_text(text + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
