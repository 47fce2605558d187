"""OCR: lines of text drawn with several fonts, found by PP-OCRv4's detector, read by its recogniser."""
import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONTS = "/usr/share/fonts/truetype/dejavu/"
PAGE = (960, 640)
LINES = [
    ("DejaVuSans-Bold.ttf", 44, (60, 30), "Pare runs on small machines"),
    ("DejaVuSerif.ttf", 30, (60, 110), "One file, mapped into memory"),
    ("DejaVuSans.ttf", 26, (60, 175), "Invoice 2024-0117  Total 1,284.50 EUR"),
    ("DejaVuSansMono.ttf", 28, (60, 235), "if (x > 0) return 3 * x + 7;"),
    ("DejaVuSerif-Italic.ttf", 34, (60, 295), "The quick brown fox jumps"),
    ("DejaVuSans.ttf", 22, (60, 365), "over the lazy dog at 6:45 in the morning."),
    ("DejaVuSansCondensed.ttf", 32, (60, 420), "Platform 9, departure 18:05"),
    ("DejaVuSerif-Bold.ttf", 28, (60, 485), "No network, no cloud, no waiting"),
    ("DejaVuSans-Oblique.ttf", 24, (60, 545), "Temperature 21.5 C, humidity 48 %"),
]


def draw_page():
    """The page and the true text of its lines, top to bottom."""
    page = Image.new("RGB", PAGE, (250, 248, 240))
    draw = ImageDraw.Draw(page)
    for y in range(0, PAGE[1], 4):
        shade = 250 - y // 40
        draw.line([(0, y), (PAGE[0], y)], fill=(shade, shade - 2, shade - 10))
    for font, size, at, text in LINES:
        draw.text(at, text, fill=(30, 30, 60), font=ImageFont.truetype(FONTS + font, size))
    noise = np.random.default_rng(7).normal(0, 6, (PAGE[1], PAGE[0], 3))
    return Image.fromarray(np.clip(np.asarray(page) + noise, 0, 255).astype(np.uint8)), [t for *_, t in LINES]


def to_nchw(image, mean=0.5, std=0.5):
    return ((np.asarray(image, np.float32) / 255 - mean) / std).transpose(2, 0, 1)[None].copy()


def find_components(mask):
    """Bounding boxes (x0, y0, x1, y1, pixels) of the 4-connected regions of a boolean image."""
    parent = []

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    boxes, previous = [], []
    for y, row in enumerate(mask):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
        runs = []
        for x0, x1 in zip(edges[::2], edges[1::2]):
            label = len(parent)
            parent.append(label)
            boxes.append([x0, y, x1, y + 1, x1 - x0])
            for p0, p1, other in previous:
                if p0 < x1 and x0 < p1:
                    parent[root(other)] = root(label)
            runs.append((x0, x1, label))
        previous = runs
    merged = {}
    for label, (x0, y0, x1, y1, n) in enumerate(boxes):
        m = merged.setdefault(root(label), [x0, y0, x1, y1, 0])
        m[:] = [min(m[0], x0), min(m[1], y0), max(m[2], x1), max(m[3], y1), m[4] + n]
    return list(merged.values())


def find_lines(probabilities, size, threshold=0.3, unclip=1.6):
    """Boxes of the text lines, top to bottom, in pixels of an image of `size`."""
    mask = probabilities[0, 0] > threshold
    scale_x, scale_y = size[0] / mask.shape[1], size[1] / mask.shape[0]
    lines = []
    for x0, y0, x1, y1, n in find_components(mask):
        if n < 60 or y1 - y0 < 4:
            continue
        # The network marks the core of a line: grow it back by area over perimeter.
        grow = (x1 - x0) * (y1 - y0) * unclip / (2 * (x1 - x0 + y1 - y0))
        lines.append((max(0, (x0 - grow) * scale_x), max(0, (y0 - grow) * scale_y),
                      min(size[0], (x1 + grow) * scale_x), min(size[1], (y1 + grow) * scale_y)))
    return sorted(lines, key=lambda b: b[1])


def line_input(page, box):
    """A line as the recogniser wants it: 48 pixels high, width a multiple of 8."""
    crop = page.crop([round(v) for v in box])
    width = max(16, round(crop.width * 48 / crop.height / 8) * 8)
    return to_nchw(crop.resize((width, 48), Image.Resampling.BILINEAR))


def decode(scores, characters):
    """Greedy CTC: the best character of each step, repetitions and blanks dropped."""
    best = scores[0].argmax(axis=-1)
    kept = best[(best != 0) & (best != np.concatenate(([0], best[:-1])))]
    return "".join(characters[i] for i in kept)


def read_page(page, detector, recogniser, characters):
    """[(box, text)] of the page, and the detector's output."""
    probabilities = next(iter(detector.run({"x": to_nchw(page)}).values()))
    boxes = find_lines(probabilities, page.size)
    outputs = [next(iter(recogniser.run({"x": line_input(page, b)}).values())) for b in boxes]
    return [(b, decode(o, characters)) for b, o in zip(boxes, outputs)], probabilities


def draw_result(page, lines, path):
    """The page with the boxes, and beside it what was read."""
    sheet = Image.new("RGB", (PAGE[0] + 620, PAGE[1]), "white")
    sheet.paste(page, (0, 0))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(FONTS + "DejaVuSans.ttf", 22)
    for box, text in lines:
        draw.rectangle(box, outline=(220, 40, 40), width=3)
        middle = (box[1] + box[3]) / 2
        draw.line([(box[2], middle), (PAGE[0] + 10, middle)], fill=(220, 160, 160))
        draw.text((PAGE[0] + 20, middle - 13), text, fill=(20, 90, 30), font=font)
    sheet.save(path)
