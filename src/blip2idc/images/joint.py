"""The joint image: before and after in one picture, and the way back.

In: two images. Out: one image the backbone looks at, and for anything measured on it (pixels, patch cells) the part
that belongs to each of the two. This module alone knows that geometry: training, inference, attention maps and
reports all ask `JointLayout`.

Paper: Evennou et al., WACV 2025, arXiv 2412.15939, joint encoding of the two images by one vision encoder.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, overload

import numpy as np
import numpy.typing as npt
from PIL import Image

from blip2idc.config import Range, check_ranges
from blip2idc.errors import ConfigError

#: Of a joint image: no backbone sees so much, and a batch of them is some gigabytes.
LONGEST_SIDE = 8192

#: A joint image, uint8 [H, W, 3].
JointArray = npt.NDArray[np.uint8]

Direction = Literal["vertical", "horizontal"]
DIRECTIONS: tuple[Direction, ...] = ("vertical", "horizontal")


@dataclass(frozen=True)
class JointLayout:
    """How two images become one.

    Attributes:
        direction: ``"vertical"`` puts before on top of after, ``"horizontal"`` puts before left of after.
        height: Height of the joint image in pixels.
        width: Width of the joint image in pixels.

    The default is the paper's: 224x224, each image squeezed to 112x224. ``JointLayout(height=448)`` leaves each image
    a full 224x224.

    Raises:
        ConfigError: Unknown direction, a size that is not a positive integer, or one that does not halve.

    Example:
        >>> JointLayout(direction="horizontal", height=224, width=448).part_size
        (224, 224)
    """

    direction: Direction = "vertical"
    height: Annotated[int, Range(1, LONGEST_SIDE)] = 224
    width: Annotated[int, Range(1, LONGEST_SIDE)] = 224

    def __post_init__(self) -> None:
        if self.direction not in DIRECTIONS:
            raise ConfigError(f"layout direction is {self.direction!r}; expected {' or '.join(DIRECTIONS)}")
        for side in ("height", "width"):
            value = getattr(self, side)
            if not isinstance(value, int) or isinstance(value, bool):
                raise ConfigError(f"layout {side} is {value!r}; expected a whole number of pixels")
        check_ranges(self, "layout ")
        side, value = ("height", self.height) if self.direction == "vertical" else ("width", self.width)
        if value % 2:
            raise ConfigError(
                f"layout {side} is {value}, which does not halve; a {self.direction} joint image needs an even {side}"
            )

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the joint image."""
        return self.height, self.width

    @property
    def part_size(self) -> tuple[int, int]:
        """(height, width) that each of the two images gets."""
        if self.direction == "vertical":
            return self.height // 2, self.width
        return self.height, self.width // 2

    def join(self, before: Image.Image, after: Image.Image) -> Image.Image:
        """Stack two images, each resized (bicubic, antialiased) unless it has `part_size` already.

        Args:
            before: RGB image of any size.
            after: RGB image of any size, which may differ from that of `before`.

        Returns:
            RGB image of `size`.
        """
        joint = Image.new("RGB", (self.width, self.height))
        joint.paste(self._fit(before), (0, 0))
        joint.paste(self._fit(after), self._corner_of_after)
        return joint

    def _fit(self, image: Image.Image) -> Image.Image:
        height, width = self.part_size
        rgb = image if image.mode == "RGB" else image.convert("RGB")
        return rgb if rgb.size == (width, height) else rgb.resize((width, height), Image.Resampling.BICUBIC)

    @property
    def _corner_of_after(self) -> tuple[int, int]:
        """(x, y) of the upper left corner of the second image."""
        return (0, self.height // 2) if self.direction == "vertical" else (self.width // 2, 0)

    @overload
    def split(self, joint: Image.Image) -> tuple[Image.Image, Image.Image]: ...
    @overload
    def split(self, joint: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...

    def split(self, joint: Any) -> tuple[Any, Any]:
        """Undo `join`.

        Args:
            joint: A PIL image of `size`, or an array [..., H, W, C] with H, W as in `size`.

        Returns:
            The parts (before, after), each of `part_size`; views where an array was given.

        Raises:
            ConfigError: The joint image has another size than this layout.
        """
        height, width = self.part_size
        if isinstance(joint, Image.Image):
            self._expect_size((joint.height, joint.width))
            x, y = self._corner_of_after
            return joint.crop((0, 0, width, height)), joint.crop((x, y, x + width, y + height))
        if joint.ndim < 3:
            raise ConfigError(f"joint array has {joint.ndim} axes; expected [..., H, W, C]")
        self._expect_size((joint.shape[-3], joint.shape[-2]))
        if self.direction == "vertical":
            return joint[..., :height, :, :], joint[..., height:, :, :]
        return joint[..., :, :width, :], joint[..., :, width:, :]

    def _expect_size(self, found: tuple[int, int]) -> None:
        if found != self.size:
            raise ConfigError(
                f"joint image is {found[0]}x{found[1]} (height x width); this layout makes {self.height}x{self.width}"
            )

    def grid(self, patch_size: int) -> tuple[int, int]:
        """(rows, columns) of patch cells of the joint image.

        Raises:
            ConfigError: The patches do not tile each of the two parts exactly, so that a cell would see both images.
        """
        if patch_size < 1:
            raise ConfigError(f"patch size is {patch_size}; expected a positive whole number of pixels")
        height, width = self.part_size
        if height % patch_size or width % patch_size:
            raise ConfigError(
                f"layout gives each image {height}x{width} pixels (height x width), which patches of {patch_size} "
                f"pixels do not tile; choose a layout whose parts are multiples of {patch_size}"
            )
        return self.height // patch_size, self.width // patch_size

    def split_grid(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Divide values per patch cell between the two images.

        Args:
            cells: Array [..., rows, columns], one value a cell of the joint image.

        Returns:
            (before, after): views [..., rows / 2, columns] (vertical) or [..., rows, columns / 2] (horizontal).

        Raises:
            ConfigError: The axis along which the images are joined has an odd length.
        """
        axis = -2 if self.direction == "vertical" else -1
        if cells.ndim < 2 or cells.shape[axis] % 2:
            raise ConfigError(
                f"grid of cells has shape {cells.shape}; a {self.direction} layout cannot halve it"
            )
        half = cells.shape[axis] // 2
        if self.direction == "vertical":
            return cells[..., :half, :], cells[..., half:, :]
        return cells[..., :, :half], cells[..., :, half:]

    def to_dict(self) -> dict[str, Any]:
        """The three settings, as ``blip2idc.json`` stores them."""
        return asdict(self)
