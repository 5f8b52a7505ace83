"""How much memory and work an image may cost, all of it derived from the limit on its pixels.

The factors are measured with Pillow 12.3 on images of 64 million pixels; `tests/images/decoding` measures them again.
"""

from __future__ import annotations

from dataclasses import dataclass

from blip2idc.errors import ImageError

#: Default limit of width times height. An RGB image at it takes 256 MB once decoded: Pillow keeps 4 bytes a pixel.
MAX_PIXELS = 64_000_000

#: Pixels of a side: Pillow keeps a pointer for each row, which of 64 million take more than the picture, and decoders
#: and everything after them work by rows, which are then small parts of it.
LONGEST_SIDE = 1_000_000

_BYTES_A_PIXEL = 9  # 576 MB at the default limit: an RGBA image, the RGB image made of it, and the file
_LEAST_MEMORY = 64 << 20  # so that a small limit does not refuse small images for their format
_LEAST_BYTES = 64 << 20
_FRAMES = 8  # how often the limit may be decoded in one file: 512 million pixels take 2 to 9 seconds


@dataclass(frozen=True)
class Limits:
    """What one image may cost.

    Attributes:
        max_pixels: Largest width times height.
        name: What to call the image in errors.
    """

    max_pixels: int
    name: str

    @property
    def memory(self) -> int:
        """Bytes that decoding may take, beyond the file itself."""
        return max(_BYTES_A_PIXEL * self.max_pixels, _LEAST_MEMORY)

    @property
    def frame_pixels(self) -> int:
        """Pixels of all frames together."""
        return _FRAMES * self.max_pixels

    def check_size(self, width: int, height: int) -> None:
        """Refuse an image without pixels or with too many.

        Raises:
            ImageError: It is either.
        """
        if height < 1 or width < 1:
            raise ImageError(f"{self.name}: is {width}x{height} pixels; expected at least one pixel")
        if max(height, width) > LONGEST_SIDE:
            raise ImageError(
                f"{self.name}: has {width}x{height} pixels; expected sides of at most {LONGEST_SIDE:,} pixels"
            )
        if height * width > self.max_pixels:
            raise ImageError(
                f"{self.name}: has {width}x{height} = {height * width:,} pixels, more than the limit of "
                f"{self.max_pixels:,}; make it smaller or raise --max-pixels (max_pixels)"
            )

    def check_memory(self, needed: float, what: str) -> None:
        """Refuse what would take too much memory to decode.

        Args:
            needed: Bytes.
            what: What the image is, e.g. ``a progressive JPEG of 8000x8000 pixels``.

        Raises:
            ImageError: It would.
        """
        if needed > self.memory:
            raise ImageError(
                f"{self.name}: is {what}, which takes {needed / 1e6:,.0f} MB to decode; expected at most "
                f"{self.memory / 1e6:,.0f} MB; make it smaller or raise --max-pixels (max_pixels), now "
                f"{self.max_pixels:,}"
            )

    def check_frames(self, pixels: int) -> None:
        """Refuse a file whose frames are too many pixels together.

        Raises:
            ImageError: They are.
        """
        if pixels > self.frame_pixels:
            raise ImageError(
                f"{self.name}: its frames are {pixels:,} pixels or more together; expected at most "
                f"{self.frame_pixels:,}; give fewer frames or raise --max-pixels (max_pixels)"
            )

    def damaged(self, reason: str) -> ImageError:
        """The error for a file whose structure is broken or absurd."""
        return ImageError(f"{self.name}: the image is damaged ({reason}); export it again")


def max_bytes(max_pixels: int) -> int:
    """Largest file that is read: 8 bytes a pixel of the limit (RGBA of 16 bits, uncompressed), at least 64 MiB."""
    return max(8 * max_pixels, _LEAST_BYTES)
