"""Rendered text for the OCR networks: lines, turned lines, pages with the boxes of their words."""
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont

TEXTS = pathlib.Path("/usr/share/common-licenses")
# Calibration and test share no text.
CALIBRATION_TEXTS, TEST_TEXTS = ["GPL-2", "LGPL-2.1"], ["Apache-2.0", "Artistic", "GFDL-1.2"]
FONTS = pathlib.Path("/usr/share/fonts/truetype")
FONT_FILES = ["dejavu/DejaVuSans.ttf", "dejavu/DejaVuSerif.ttf", "dejavu/DejaVuSans-Bold.ttf",
              "dejavu/DejaVuSansMono.ttf", "liberation/LiberationSans-Regular.ttf",
              "liberation/LiberationSerif-Regular.ttf", "liberation/LiberationSerif-Bold.ttf"]
SIZES, NOISES = [22, 28, 36], [0, 25, 50]
HEIGHT = 48


def words_of(texts):
    words = " ".join((TEXTS / t).read_text(errors="ignore") for t in texts).split()
    return [w for w in words if w.isascii() and len(w) > 1]


def draw_line(random, words, noise, width):
    """A line of text, 48 pixels high and padded to `width`, as floats 0 to 255 [48, width, 3]; its text and
    how much of the width it fills."""
    while True:
        text = " ".join(random.choice(words, random.integers(2, 5)))
        font = ImageFont.truetype(str(FONTS / random.choice(FONT_FILES)), int(random.choice(SIZES)))
        _, _, right, bottom = font.getbbox(text)
        image = Image.new("RGB", (right + 20, bottom + 12), "white")
        ImageDraw.Draw(image).text((10, 6), text, font=font, fill="black")
        filled = round(image.width * HEIGHT / image.height)
        if filled <= width:
            break
    pixels = np.asarray(image.resize((filled, HEIGHT), Image.Resampling.BILINEAR), np.float32)
    pixels = np.clip(pixels + random.normal(0, noise, pixels.shape), 0, 255)
    line = np.full((HEIGHT, width, 3), 127.5, np.float32)
    line[:, :filled] = pixels
    return line, text, filled


def network_input(pixels, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)):
    """[H, W, 3] of 0 to 255 as [1, 3, H, W]."""
    return ((pixels / 255 - np.array(mean)) / np.array(std)).transpose(2, 0, 1)[None].astype(np.float32)


def lines(seed, count, texts, width=320):
    """[(input, text)]: a third each clean, with a noise of 25 and of 50."""
    random, words = np.random.default_rng(seed), words_of(texts)
    drawn = [draw_line(random, words, NOISES[i % len(NOISES)], width)[:2] for i in range(count)]
    return [(network_input(pixels), text) for pixels, text in drawn]


def turned_lines(seed, count, texts, width=192):
    """[(input, whether it stands on its head)]."""
    random, words, drawn = np.random.default_rng(seed), words_of(texts), []
    for i in range(count):
        pixels, _, filled = draw_line(random, words, NOISES[i % len(NOISES)], width)
        turned = bool(random.integers(2))
        if turned:
            pixels[:, :filled] = pixels[::-1, :filled][:, ::-1]
        drawn.append((network_input(pixels), turned))
    return drawn


def pages(seed, count, texts, side=320, rows=5):
    """[(input, [(x0, y0, x1, y1) of each line])]."""
    random, words, drawn = np.random.default_rng(seed), words_of(texts), []
    for _ in range(count):
        page = Image.new("RGB", (side, side), tuple(int(v) for v in random.integers(180, 256, 3)))
        draw, boxes = ImageDraw.Draw(page), []
        for row in range(rows):
            font = ImageFont.truetype(str(FONTS / random.choice(FONT_FILES)), int(random.integers(14, 28)))
            at = (int(random.integers(4, 60)), 8 + row * (side - 16) // rows)
            text = " ".join(random.choice(words, 2))
            box = draw.textbbox(at, text, font=font)
            if box[2] >= side or box[3] >= side:
                continue
            draw.text(at, text, font=font, fill=tuple(int(v) for v in random.integers(0, 90, 3)))
            boxes.append(box)
        pixels = np.asarray(page, np.float32)
        pixels = np.clip(pixels + random.normal(0, random.choice([0, 10, 25]), pixels.shape), 0, 255)
        drawn.append((network_input(pixels, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)), boxes))
    return drawn
