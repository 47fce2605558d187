// Made-up pictures: what networks for images react to, without an image at hand.
#pragma once

#include <cstdint>
#include <vector>

namespace pare::converter {

struct PictureShape {
  int64_t count, channels, height, width;
  bool channels_last;
};

// Values in [-1, 1]. The seed decides which kind: lines of strokes like writing, overlapping
// patches of all sizes like photographs, or plain noise, in turn.
std::vector<float> MakePictures(const PictureShape& shape, uint64_t seed);

}  // namespace pare::converter
