"""Ray casting of simple objects on a ground plane, with shadows and highlights, in NumPy.

In: objects (shape, size, colour, material, place), a view (camera and light) and an image size.
Out: an RGB image and, for every pixel, which object is seen there.

World coordinates: x to the right, y away from the camera, z up, ground at z = 0. The look follows CLEVR (Johnson et
al., CVPR 2017, arXiv 1612.06890): eight colours, two materials, one strong light, a plain ground.
Arrays are float32. `N` is the number of pixels in the part of the image an object can cover.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Vector = tuple[float, float, float]
VectorField = tuple[Floats, Floats, Floats]

COLORS: dict[str, tuple[int, int, int]] = {  # the eight colours of CLEVR, 8-bit sRGB
    "gray": (87, 87, 87),
    "red": (173, 35, 35),
    "blue": (42, 75, 215),
    "green": (29, 105, 20),
    "brown": (129, 74, 25),
    "purple": (129, 38, 192),
    "cyan": (41, 208, 208),
    "yellow": (255, 238, 51),
}
SHAPES = ("cube", "sphere", "cylinder")
MATERIALS = ("rubber", "metal")
SIZES: dict[str, float] = {"large": 1.0, "small": 0.58}

_RADIUS = {
    "sphere": 0.64,
    "cube": 0.54,
    "cylinder": 0.56,
}  # radius, half side, radius (= half height) at size 1
_GROUND = 0.74  # albedo of the ground
_NEAR_EPSILON = 1e-3  # a shadow ray starts this far above the surface it leaves
_HALF_WIDTH, _HALF_HEIGHT = 4.05, 2.0  # what a camera at distance 1 x focal sees of the arena, in world units


@dataclass(frozen=True)
class SceneObject:
    """One object standing on the ground; `x`, `y` in world units, `yaw` in radians (seen on cubes only)."""

    shape: str
    size: str
    color: str
    material: str
    x: float
    y: float
    yaw: float

    @property
    def radius(self) -> float:
        """Half the object's height, in world units; also its radius or half its side."""
        return _RADIUS[self.shape] * SIZES[self.size]

    @property
    def reach(self) -> float:
        """Radius of a vertical cylinder that holds the object, in world units."""
        return self.radius * (math.sqrt(2.0) if self.shape == "cube" else 1.0)


@dataclass(frozen=True)
class View:
    """Camera and light: angles in radians, distance and target offsets in world units, light relative to 1."""

    azimuth: float = 0.0
    elevation: float = 0.58
    distance: float = 11.0
    target_x: float = 0.0
    target_y: float = 0.0
    roll: float = 0.0
    light_azimuth: float = -2.25
    light_elevation: float = 0.95
    light_power: float = 1.0

    @property
    def light(self) -> Vector:
        """Unit vector from the scene towards the light."""
        flat = math.cos(self.light_elevation)
        return (
            flat * math.cos(self.light_azimuth),
            flat * math.sin(self.light_azimuth),
            math.sin(self.light_elevation),
        )


class Camera:
    """A pinhole camera for one view and one image size; frames the arena whatever the aspect ratio."""

    def __init__(self, view: View, height: int, width: int) -> None:
        self.height, self.width = height, width
        ca, sa = math.cos(view.azimuth), math.sin(view.azimuth)
        ce, se = math.cos(view.elevation), math.sin(view.elevation)
        self.position: Vector = (
            view.target_x + view.distance * ce * sa,
            view.target_y - view.distance * ce * ca,
            view.distance * se + 0.25,
        )
        self.forward: Vector = (-ce * sa, ce * ca, -se)
        right, up = (ca, sa, 0.0), (-se * sa, se * ca, ce)
        cr, sr = math.cos(view.roll), math.sin(view.roll)
        self.right: Vector = (cr * right[0] + sr * up[0], cr * right[1] + sr * up[1], sr * up[2])
        self.up: Vector = (cr * up[0] - sr * right[0], cr * up[1] - sr * right[1], cr * up[2])
        # pixels per unit of tangent: the arena must fit in width and in height (11 is the nominal distance)
        self.focal = 11.0 * min(width / (2 * _HALF_WIDTH), height / (2 * _HALF_HEIGHT))

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        """World point -> pixel coordinates (column, row)."""
        dx, dy, dz = x - self.position[0], y - self.position[1], z - self.position[2]
        depth = dx * self.forward[0] + dy * self.forward[1] + dz * self.forward[2]
        u = (dx * self.right[0] + dy * self.right[1] + dz * self.right[2]) / depth
        v = (dx * self.up[0] + dy * self.up[1] + dz * self.up[2]) / depth
        return self.width / 2 + u * self.focal, self.height / 2 - v * self.focal

    def rays(self) -> VectorField:
        """Unit directions through all pixel centres, three arrays (H, W)."""
        u = ((np.arange(self.width, dtype=np.float32) + 0.5 - self.width / 2) / self.focal)[None, :]
        v = ((self.height / 2 - np.arange(self.height, dtype=np.float32) - 0.5) / self.focal)[:, None]
        norm = 1.0 / np.sqrt(1.0 + u * u + v * v)
        x, y, z = (
            ((self.forward[k] + u * self.right[k] + v * self.up[k]) * norm).astype(np.float32)
            for k in range(3)
        )
        return x, y, z


def render(
    objects: tuple[SceneObject, ...], view: View, height: int, width: int, supersample: int = 2
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int8]]:
    """Draw a scene.

    Returns:
        The image, uint8 (height, width, 3), and the index of the object seen at each *sample*, int8
        (height * supersample, width * supersample), -1 on the ground.
    """
    camera = Camera(view, height * supersample, width * supersample)
    color, seen = _Painter(objects, view, camera).paint()
    if supersample > 1:
        color = _averaged(color, supersample)
    return (np.clip(color, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8), seen


def _averaged(samples: Floats, supersample: int) -> Floats:
    """Samples (H * s, W * s, 3) to pixels (H, W, 3); slices add up faster than a mean over axes."""
    rows = samples[::supersample].copy()
    for k in range(1, supersample):
        rows += samples[k::supersample]
    pixels = rows[:, ::supersample].copy()
    for k in range(1, supersample):
        pixels += rows[:, k::supersample]
    pixels /= np.float32(supersample**2)
    return pixels


def visible_mask(seen: npt.NDArray[np.int8], index: int, supersample: int = 2) -> npt.NDArray[np.bool_]:
    """Pixels of which at least half shows object `index`: bool (H, W) from `seen` of `render`."""
    height, width = seen.shape[0] // supersample, seen.shape[1] // supersample
    share = (seen == index).reshape(height, supersample, width, supersample).mean(axis=(1, 3))
    return np.asarray(share >= 0.5)


class _Painter:
    """One picture in the making: colour (H, W, 3), depth (H, W) and seen object (H, W)."""

    def __init__(self, objects: tuple[SceneObject, ...], view: View, camera: Camera) -> None:
        self.objects, self.view, self.camera = objects, view, camera
        self.rays = camera.rays()
        self.color = np.empty((camera.height, camera.width, 3), dtype=np.float32)
        self.depth = np.empty((camera.height, camera.width), dtype=np.float32)
        self.seen = np.full((camera.height, camera.width), -1, dtype=np.int8)

    def paint(self) -> tuple[Floats, npt.NDArray[np.int8]]:
        """Ground first, then object after object, nearer ones covering farther ones."""
        self._paint_ground()
        for index, item in enumerate(self.objects):
            self._paint_object(index, item)
        return self.color, self.seen

    def _paint_ground(self) -> None:
        dx, dy, dz = self.rays
        cx, cy, cz = self.camera.position
        np.divide(-cz, dz, out=self.depth)
        px, py = cx + self.depth * dx, cy + self.depth * dy
        lit = np.ones_like(px)
        contact = np.ones_like(px)
        for item in self.objects:
            part = self._shadow_part(item)
            qx, qy = px[part], py[part]
            hit = _hits(item, (qx, qy, np.full_like(qx, _NEAR_EPSILON)), self.view.light)
            lit[part] *= 1.0 - hit
            squared = ((qx - item.x) ** 2 + (qy - item.y) ** 2) / (1.25 * item.radius) ** 2
            contact[part] *= 1.0 - 0.35 * np.exp(-squared * squared)
        light = self.view.light[2] * self.view.light_power
        falloff = np.exp(-0.03 * (px * px + 1.2 * (py - 0.3) ** 2))
        shade = (0.62 + 0.44 * falloff) * contact * (_GROUND * 0.42 + _GROUND * 0.72 * light * lit)
        for channel, tone in enumerate((1.0, 0.99, 0.97)):
            np.multiply(shade, tone, out=self.color[..., channel])

    def _shadow_part(self, item: SceneObject) -> tuple[slice, slice]:
        lx, ly, lz = self.view.light
        top = 2 * item.radius
        points = []
        for k in range(8):
            angle = k * math.pi / 4
            ox, oy = 1.5 * item.reach * math.cos(angle), 1.5 * item.reach * math.sin(angle)
            points.append(self.camera.project(item.x + ox, item.y + oy, 0.0))
            points.append(self.camera.project(item.x + ox - top * lx / lz, item.y + oy - top * ly / lz, 0.0))
        return self._part(points)

    def _object_part(self, item: SceneObject) -> tuple[slice, slice]:
        points = []
        for k in range(8):
            angle = k * math.pi / 4
            ox, oy = 1.12 * item.reach * math.cos(angle), 1.12 * item.reach * math.sin(angle)
            for z in (-0.08 * item.radius, 2.12 * item.radius):
                points.append(self.camera.project(item.x + ox, item.y + oy, z))
        return self._part(points)

    def _part(self, points: list[tuple[float, float]]) -> tuple[slice, slice]:
        columns, rows = zip(*points, strict=True)
        limit_x, limit_y = self.camera.width, self.camera.height
        left, right = (min(max(math.floor(c), 0), limit_x) for c in (min(columns), max(columns) + 1))
        top, bottom = (min(max(math.floor(r), 0), limit_y) for r in (min(rows), max(rows) + 1))
        return slice(top, bottom), slice(left, right)

    def _paint_object(self, index: int, item: SceneObject) -> None:
        part = self._object_part(item)
        direction = tuple(ray[part] for ray in self.rays)
        if direction[0].size == 0:
            return
        distance, normal = _surface(item, self.camera.position, direction)
        nearer = distance < self.depth[part]
        if not nearer.any():
            return
        t = distance[nearer]
        d = tuple(component[nearer] for component in direction)
        n = tuple(component[nearer] for component in normal)
        point = tuple(self.camera.position[k] + t * d[k] + _NEAR_EPSILON * n[k] for k in range(3))
        lit = np.ones_like(t)
        for other in self.objects:
            if other is not item and self._may_shade(other, item):
                lit *= 1.0 - _hits(other, point, self.view.light)
        self.color[part][nearer] = _shade(item, point, d, n, lit, self.view)
        self.depth[part][nearer] = t
        self.seen[part][nearer] = index

    def _may_shade(self, other: SceneObject, item: SceneObject) -> bool:
        """Whether the shadow of `other` can fall on `item`, by the distance of the shadow's axis on the ground."""
        lx, ly, lz = self.view.light
        dx, dy = other.x - item.x, other.y - item.y
        reach = 2 * other.radius / lz
        along = min(max(dx * lx + dy * ly, 0.0), reach)
        return math.hypot(dx - along * lx, dy - along * ly) < other.reach + item.reach


def _surface(item: SceneObject, origin: Vector, d: tuple[Floats, ...]) -> tuple[Floats, VectorField]:
    """Distance along each ray to the object (inf where it misses) and the outward normal there."""
    ox, oy, oz = origin[0] - item.x, origin[1] - item.y, origin[2] - item.radius
    with np.errstate(divide="ignore", invalid="ignore"):
        if item.shape == "sphere":
            return _sphere_surface(item.radius, (ox, oy, oz), d)
        if item.shape == "cube":
            return _cube_surface(item, (ox, oy, oz), d)
        return _cylinder_surface(item.radius, (ox, oy, oz), d)


def _sphere_surface(r: float, o: Vector, d: tuple[Floats, ...]) -> tuple[Floats, VectorField]:
    b = d[0] * o[0] + d[1] * o[1] + d[2] * o[2]
    disc = b * b - (o[0] ** 2 + o[1] ** 2 + o[2] ** 2 - r * r)
    t = np.where(disc > 0, -b - np.sqrt(np.maximum(disc, 0)), np.float32(np.inf)).astype(np.float32)
    safe = np.where(disc > 0, t, 0)
    return t, (
        (o[0] + safe * d[0]) / np.float32(r),
        (o[1] + safe * d[1]) / np.float32(r),
        (o[2] + safe * d[2]) / np.float32(r),
    )


def _cube_surface(item: SceneObject, o: Vector, d: tuple[Floats, ...]) -> tuple[Floats, VectorField]:
    c, s, r = math.cos(item.yaw), math.sin(item.yaw), item.radius
    ex, ey, ez = c * o[0] + s * o[1], -s * o[0] + c * o[1], o[2]
    fx, fy, fz = c * d[0] + s * d[1], -s * d[0] + c * d[1], d[2]
    near_x, near_y, near_z = (-ex - np.copysign(r, fx)) / fx, (-ey - np.copysign(r, fy)) / fy, (r - ez) / fz
    far_x, far_y, far_z = (-ex + np.copysign(r, fx)) / fx, (-ey + np.copysign(r, fy)) / fy, (-r - ez) / fz
    near = np.maximum(np.maximum(near_x, near_y), near_z)
    far = np.minimum(np.minimum(far_x, far_y), far_z)
    t = np.where(near < far, near, np.float32(np.inf)).astype(np.float32)
    on_z = near_z >= np.maximum(near_x, near_y)
    on_x = ~on_z & (near_x >= near_y)
    nx = np.where(on_x, -np.sign(fx), 0).astype(np.float32)
    ny = np.where(~on_z & ~on_x, -np.sign(fy), 0).astype(np.float32)
    return t, (
        (c * nx - s * ny).astype(np.float32),
        (s * nx + c * ny).astype(np.float32),
        on_z.astype(np.float32),
    )


def _cylinder_surface(r: float, o: Vector, d: tuple[Floats, ...]) -> tuple[Floats, VectorField]:
    a = d[0] * d[0] + d[1] * d[1]
    b = d[0] * o[0] + d[1] * o[1]
    disc = b * b - a * (o[0] ** 2 + o[1] ** 2 - r * r)
    side = (-b - np.sqrt(np.maximum(disc, 0))) / a
    side = np.where((disc > 0) & (np.abs(o[2] + side * d[2]) < r), side, np.float32(np.inf))
    top = (r - o[2]) / d[2]
    tx, ty = o[0] + top * d[0], o[1] + top * d[1]
    top = np.where(tx * tx + ty * ty < r * r, top, np.float32(np.inf))
    t = np.minimum(side, top).astype(np.float32)
    on_top = top < side
    safe = np.where(np.isfinite(t), t, 0)
    nx = np.where(on_top, 0, (o[0] + safe * d[0]) / r).astype(np.float32)
    ny = np.where(on_top, 0, (o[1] + safe * d[1]) / r).astype(np.float32)
    return t, (nx, ny, on_top.astype(np.float32))


def _hits(item: SceneObject, p: tuple[Floats, ...], light: Vector) -> Floats:
    """1 where the ray from each point towards the light meets the object, else 0; shape as `p[0]`."""
    ox, oy, oz = p[0] - np.float32(item.x), p[1] - np.float32(item.y), p[2] - np.float32(item.radius)
    lx, ly, lz = light
    r = item.radius
    if item.shape == "sphere":
        b = ox * lx + oy * ly + oz * lz
        disc = b * b - (ox * ox + oy * oy + oz * oz - r * r)
        return np.asarray((disc > 0) & (b < 0), dtype=np.float32)
    top = (r - oz) / lz
    if item.shape == "cube":
        c, s = math.cos(item.yaw), math.sin(item.yaw)
        ex, ey = c * ox + s * oy, c * oy - s * ox
        fx, fy = c * lx + s * ly, c * ly - s * lx
        fx, fy = (f if abs(f) > 1e-6 else 1e-6 for f in (fx, fy))
        near = np.maximum((-ex - math.copysign(r, fx)) / fx, (-ey - math.copysign(r, fy)) / fy)
        far = np.minimum((-ex + math.copysign(r, fx)) / fx, (-ey + math.copysign(r, fy)) / fy)
    else:
        a = lx * lx + ly * ly
        b = ox * lx + oy * ly
        disc = b * b - a * (ox * ox + oy * oy - r * r)
        root = np.sqrt(np.maximum(disc, 0))
        near = np.where(disc > 0, (-b - root) / a, np.float32(np.inf))
        far = (-b + root) / a
    near = np.maximum(near, np.maximum((-r - oz) / lz, 0))
    return np.asarray(near < np.minimum(far, top), dtype=np.float32)


def _shade(
    item: SceneObject,
    p: tuple[Floats, ...],
    d: tuple[Floats, ...],
    n: tuple[Floats, ...],
    lit: Floats,
    view: View,
) -> Floats:
    """Colour (N, 3) at points `p` with view directions `d` and normals `n`: matte rubber or mirroring metal."""
    base = (np.array(COLORS[item.color], dtype=np.float32) / 255.0) ** 0.9
    light = view.light
    facing = np.maximum(n[0] * light[0] + n[1] * light[1] + n[2] * light[2], 0) * lit * view.light_power
    cosine = d[0] * n[0] + d[1] * n[1] + d[2] * n[2]
    rx, ry, rz = (d[k] - 2 * cosine * n[k] for k in range(3))
    mirror = np.maximum(rx * light[0] + ry * light[1] + rz * light[2], 0)
    if item.material == "rubber":
        glow = (0.48 + 0.12 * n[2] + 0.78 * facing)[:, None] * base
        return np.asarray(glow + (0.05 * lit * mirror**6)[:, None])
    sky = np.clip(rz * 2.2 + 0.15, 0, 1)  # dark ground below, bright sky above: what a mirror shows
    window = np.exp(-((rx + 0.45) ** 2 + (rz - 0.55) ** 2) * 9.0)
    # lamps stand around the scene at a finite distance, so that flat faces show them too
    across, along = rx + 0.8 * (p[0] - item.x), ry + 0.8 * (p[1] - item.y)
    lamps = np.clip(1.6 * np.cos(4.0 * np.arctan2(across, -along)) - 0.4, 0, 1) * (1 - sky)
    glow = (0.20 + 0.25 * facing + 0.55 * sky)[:, None] * base
    white = 0.04 + 0.34 * sky * sky + 0.45 * window + 0.42 * lamps + 1.1 * lit * mirror**40
    return np.asarray(glow + white[:, None] * (0.45 + 0.55 * base))
