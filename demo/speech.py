"""Where someone speaks: silero-vad over sentences of espeak-ng with silences between, as a stream."""
import io
import subprocess
import wave

import numpy as np
from PIL import Image, ImageDraw

RATE, CHUNK, CONTEXT = 16000, 512, 64
SCRIPT = [(0.8, "Good morning."), (1.5, "The next train leaves from platform nine."), (2.0, "Mind the gap."),
          (1.2, "Thank you for travelling with us today."), (1.0, None)]


def speak(text, voice="en"):
    """A sentence at 16 kHz, -1 to 1."""
    data = subprocess.run(["espeak-ng", "--stdout", "-s", "140", "-v", voice, text], capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(data)) as f:
        rate = f.getframerate()
        # The length in the header of a piped file is a placeholder: read what is there.
        samples = np.frombuffer(f.readframes(len(data) // 2), np.int16).astype(np.float32) / 32768
    at = np.arange(int(len(samples) * RATE / rate)) * rate / RATE
    return np.interp(at, np.arange(len(samples)), samples).astype(np.float32)


def make_sound():
    """Samples with faint noise, and the true [start, end) seconds of each sentence."""
    parts, spoken, at = [], [], 0
    for pause, text in SCRIPT:
        parts.append(np.zeros(int(pause * RATE), np.float32))
        at += len(parts[-1])
        if text:
            voice = speak(text)
            loud = np.flatnonzero(np.abs(voice) > 0.01)
            spoken.append(((at + loud[0]) / RATE, (at + loud[-1]) / RATE))
            parts.append(voice)
            at += len(voice)
    sound = np.concatenate(parts)
    sound += np.random.default_rng(3).normal(0, 0.002, len(sound)).astype(np.float32)
    return sound, spoken


def save_wav(sound, path):
    with wave.open(str(path), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(RATE)
        f.writeframes((np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes())


def listen(engine, sound):
    """Speech probability of each chunk of 32 ms; the network's memory goes from chunk to chunk."""
    state = np.zeros((2, 1, 128), np.float32)
    context = np.zeros(CONTEXT, np.float32)
    out = []
    for start in range(0, len(sound) - CHUNK + 1, CHUNK):
        chunk = sound[start:start + CHUNK]
        result = engine.run({"input": np.concatenate([context, chunk])[None], "state": state})
        out.append(float(result["output"].reshape(-1)[0]))
        state, context = result["stateN"], chunk[-CONTEXT:]
    return np.array(out)


def segments(probabilities, on=0.5, off=0.35, shortest=0.2, gap=0.25):
    """[start, end) seconds: on above `on`, off below `off`; short breaks joined, short bursts dropped."""
    step, found, start = CHUNK / RATE, [], None
    for i, p in enumerate(np.append(probabilities, 0)):
        if start is None and p >= on:
            start = i * step
        elif start is not None and p < off:
            if found and start - found[-1][1] < gap:
                start = found.pop()[0]
            found.append((start, i * step))
            start = None
    return [s for s in found if s[1] - s[0] >= shortest]


def timeline(parts, seconds, width=72):
    bar = ["."] * width
    for a, b in parts:
        for i in range(int(a / seconds * width), min(width, int(np.ceil(b / seconds * width)))):
            bar[i] = "#"
    return "".join(bar)


def draw_timeline(sound, probabilities, found, path):
    width, height = 1200, 300
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    seconds = len(sound) / RATE
    for a, b in found:
        draw.rectangle([a / seconds * width, 0, b / seconds * width, 200], fill=(215, 240, 215))
    blocks = np.array_split(sound, width)
    for x, block in enumerate(blocks):
        draw.line([(x, 100 - 95 * float(block.max())), (x, 100 - 95 * float(block.min()))], fill=(60, 60, 120))
    points = [((i + 0.5) * CHUNK / RATE / seconds * width, 295 - 85 * p) for i, p in enumerate(probabilities)]
    draw.line([(0, 205), (width, 205)], fill=(200, 200, 200))
    draw.line(points, fill=(200, 60, 30), width=2)
    image.save(path)
