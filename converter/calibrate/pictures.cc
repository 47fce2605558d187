#include "converter/calibrate/pictures.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace pare::converter {
namespace {

class Canvas {
 public:
  Canvas(const PictureShape& shape, uint64_t seed)
      : shape_(shape),
        random_(seed),
        pixels_(static_cast<size_t>(shape.count * shape.channels * shape.height * shape.width)) {}

  void DrawNoise() {
    for (float& x : pixels_) x = static_cast<float>(Uniform(-1, 1));
  }

  // Squares whose sizes have a heavy tail, each over what is there.
  void DrawPatches(int64_t n) {
    for (int i = 0; i < 400; ++i) {
      const auto side = static_cast<int64_t>(2 + 3 * std::pow(Uniform(0.01, 1), -0.67));
      std::vector<float> color(static_cast<size_t>(shape_.channels));
      for (float& x : color) x = static_cast<float>(Uniform(-1, 1));
      Patch(n, Below(shape_.height), Below(shape_.width), side, side, color);
    }
  }

  // Lines of short strokes, dark on light or light on dark, at several sizes.
  void DrawWriting(int64_t n) {
    Rectangle(n, 0, 0, shape_.height, shape_.width, 1);
    int64_t y = 4;
    while (y + 6 < shape_.height) {
      const int64_t size = 6 + Below(24);
      const bool inverted = Below(4) == 0;
      if (inverted) Rectangle(n, y - 3, 0, size + 6, shape_.width, -1);
      for (int64_t x = 4; x + size < shape_.width; x += size * 2 / 3 + 2) {
        if (Below(6) > 0) DrawLetter(n, y, x, size, inverted ? 1.0f : -1.0f);
      }
      y += size + 4 + Below(16);
    }
  }

  std::vector<float> Take() { return std::move(pixels_); }

 private:
  double Uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1p-53;
  }
  int64_t Below(int64_t n) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(std::max<int64_t>(n, 1)));
  }

  void DrawLetter(int64_t n, int64_t y, int64_t x, int64_t size, float ink) {
    const int64_t thick = std::max<int64_t>(size / 8, 1);
    for (int stroke = 0; stroke < 3; ++stroke) {
      if (Below(2) == 0) {
        Rectangle(n, y + Below(size - thick), x, thick, size / 2, ink);
      } else {
        Rectangle(n, y, x + Below(size / 2), size, thick, ink);
      }
    }
  }

  void Patch(int64_t n, int64_t y, int64_t x, int64_t height, int64_t width,
             const std::vector<float>& color) {
    for (int64_t i = std::max<int64_t>(y, 0); i < std::min(y + height, shape_.height); ++i) {
      for (int64_t j = std::max<int64_t>(x, 0); j < std::min(x + width, shape_.width); ++j) {
        for (int64_t c = 0; c < shape_.channels; ++c)
          pixels_[Offset(n, c, i, j)] = color[static_cast<size_t>(c)];
      }
    }
  }
  void Rectangle(int64_t n, int64_t y, int64_t x, int64_t height, int64_t width, float value) {
    Patch(n, y, x, height, width, std::vector<float>(static_cast<size_t>(shape_.channels), value));
  }

  size_t Offset(int64_t n, int64_t c, int64_t y, int64_t x) const {
    const int64_t pixel = y * shape_.width + x, area = shape_.height * shape_.width;
    return static_cast<size_t>(shape_.channels_last ? (n * area + pixel) * shape_.channels + c
                                                    : (n * shape_.channels + c) * area + pixel);
  }

  const PictureShape shape_;
  std::mt19937_64 random_;
  std::vector<float> pixels_;
};

}  // namespace

std::vector<float> MakePictures(const PictureShape& shape, uint64_t seed) {
  Canvas canvas(shape, seed);
  if (seed % 3 == 0) canvas.DrawNoise();
  for (int64_t n = 0; n < shape.count && seed % 3 != 0; ++n) {
    if (seed % 3 == 1) {
      canvas.DrawWriting(n);
    } else {
      canvas.DrawPatches(n);
    }
  }
  return canvas.Take();
}

}  // namespace pare::converter
