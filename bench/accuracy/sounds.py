"""Speech with silences and noise for the voice detector, chords for the note detector."""
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "demo"))
import files_and_notes  # noqa: E402
import speech  # noqa: E402

LOWEST, HIGHEST = 40, 84  # MIDI
NOTES = 4                 # in a window of the network
CALIBRATION_VOICES, TEST_VOICES = ["en-us", "de"], ["en-gb", "fr", "es", "en-gb+f3"]


def sentences_of(text, count, random):
    words = text.split()
    starts = random.integers(0, len(words) - 12, count)
    return [" ".join(words[s:s + random.integers(3, 11)]) for s in starts]


def spoken(seed, count, text, voices):
    """Samples at 16 kHz, and for each chunk of 32 ms whether someone speaks."""
    random = np.random.default_rng(seed)
    parts = []
    for i, sentence in enumerate(sentences_of(text, count, random)):
        parts += [np.zeros(int(random.uniform(0.4, 2.0) * speech.RATE), np.float32),
                  speech.speak(sentence, voices[i % len(voices)]) * random.uniform(0.15, 1.0)]
    clean = np.concatenate(parts)
    chunks = clean[:len(clean) // speech.CHUNK * speech.CHUNK].reshape(-1, speech.CHUNK)
    loud = np.sqrt((chunks ** 2).mean(axis=1)) > 0.004
    hum = np.cumsum(random.normal(0, 0.002, chunks.size)).astype(np.float32)
    hum -= np.convolve(hum, np.ones(64, np.float32) / 64, "same")
    noise = random.normal(0, 0.02, chunks.size) + 2 * hum
    return (chunks.reshape(-1) + noise).astype(np.float32), loud


def windows(seed, count):
    """[(input, MIDI numbers)]: NOTES notes one after the other, with overtones and some noise."""
    random, made = np.random.default_rng(seed), []
    each = files_and_notes.SAMPLES // NOTES
    t = np.arange(each) / files_and_notes.RATE
    for _ in range(count):
        midi = random.integers(LOWEST, HIGHEST, NOTES)
        sound = random.normal(0, 0.01, files_and_notes.SAMPLES)
        for i, note in enumerate(midi):
            f = 440 * 2 ** ((note - 69) / 12)
            tone = sum(random.uniform(0.3, 1) * np.sin(2 * np.pi * f * k * t) / k for k in range(1, 7))
            sound[i * each:(i + 1) * each] += 0.3 * tone * np.exp(-random.uniform(1, 4) * t) * np.minimum(1, t * 200)
        made.append((sound[None, :, None].astype(np.float32), midi))
    return made
