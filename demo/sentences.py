"""How alike sentences are, by MiniLM's embeddings."""
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SENTENCES = [
    "A cat sleeps on the warm window sill.",
    "The kitten is napping in the sun.",
    "The stock market fell sharply today.",
    "Share prices dropped after the announcement.",
    "How do I reset my password?",
    "I cannot log in and need a new password.",
    "The train to the airport leaves at noon.",
    "When is the next bus to the terminal?",
]


def tokenize(folder, sentences):
    """input_ids, attention_mask and token_type_ids, padded to the longest sentence."""
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    encodings = tokenizer.encode_batch(sentences)
    length = max(len(e.ids) for e in encodings)
    out = {k: np.zeros((len(sentences), length), np.int64) for k in ("input_ids", "attention_mask", "token_type_ids")}
    for row, e in enumerate(encodings):
        out["input_ids"][row, :len(e.ids)] = e.ids
        out["attention_mask"][row, :len(e.ids)] = 1
    return out


def embeddings(outputs, mask):
    """Mean-pooled and normalised: [sentences, 384]; the model may have pooled already."""
    hidden = next(iter(outputs.values()))
    if hidden.ndim == 3:
        weight = mask[:, :, None].astype(np.float32)
        hidden = (hidden * weight).sum(axis=1) / weight.sum(axis=1)
    return hidden / np.linalg.norm(hidden, axis=1, keepdims=True)


def draw_matrix(similarity, path):
    cell, left = 64, 470
    n = len(SENTENCES)
    image = Image.new("RGB", (left + n * cell, n * cell), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 18)
    for i, row in enumerate(similarity):
        draw.text((10, i * cell + 22), SENTENCES[i], fill="black", font=font)
        for j, value in enumerate(row):
            shade = round(255 * (1 - max(0.0, float(value))))
            draw.rectangle([left + j * cell, i * cell, left + (j + 1) * cell - 2, (i + 1) * cell - 2],
                           fill=(shade, shade, 255))
            draw.text((left + j * cell + 12, i * cell + 22), f"{value:.2f}",
                      fill="white" if shade < 128 else "black", font=font)
    image.save(path)
