"""Write a network down as an ONNX graph, without the package `onnx`, which is large beside the few messages needed.

In: operators in order. Out: the bytes of a `ModelProto` whose weights lie elsewhere, named as in the checkpoint. Only
what is needed is written: nodes with numbers, words and lists as attributes, small constants, inputs and outputs with
named sizes.

Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (field numbers), IR version 11, operators of version 23.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from blip2idc.errors import ModelError
from blip2idc.version import __version__

IR_VERSION = 11
OPERATORS = 23  # the first version with Attention

_VARINT, _BYTES, _FLOAT32 = 0, 2, 5  # wire types
_FLOAT, _INT64 = 1, 7  # TensorProto.DataType
_TYPES = {np.dtype(np.float32): _FLOAT, np.dtype(np.int64): _INT64}
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_TEXT, _ATTRIBUTE_INTS = (
    1,
    2,
    3,
    7,
)  # AttributeProto.AttributeType
_EXTERNAL = 1  # TensorProto.DataLocation

#: A number, or the name of a size that is known when the graph runs.
Size = int | str
Attribute = float | int | str | Sequence[int]


@dataclass(frozen=True)
class Place:
    """Where a weight lies: a file beside the graph, and the bytes in it."""

    file: str
    offset: int
    length: int


class Graph:
    """A network that is being written down.

    Args:
        name: Of the graph.
        shapes: Weight -> shape, of all weights that the checkpoint has.
    """

    def __init__(self, name: str, shapes: Mapping[str, Sequence[int]]) -> None:
        self.name = name
        self.shapes = shapes
        self.weights: list[str] = []
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._count = 0

    def input(self, name: str, sizes: Sequence[Size], dtype: type = np.float32) -> str:
        """A value that is handed in."""
        self._inputs.append(_value_info(name, sizes, dtype))
        return name

    def output(self, name: str, value: str, sizes: Sequence[Size]) -> None:
        """A value that is handed out, in float32."""
        self._nodes.append(_node("Identity", [value], [name], {}))
        self._outputs.append(_value_info(name, sizes, np.float32))

    def weight(self, name: str, shape: Sequence[int] | None = None) -> str:
        """A weight by its name in the checkpoint.

        Args:
            name: Of the weight.
            shape: That it must have, where that is known.

        Raises:
            ModelError: The checkpoint does not have it, or in another shape.
        """
        found = self.shapes.get(name)
        if found is None or (shape is not None and tuple(found) != tuple(shape)):
            has = "is missing" if found is None else f"is {'x'.join(map(str, found))}"
            wanted = f"; expected {'x'.join(map(str, shape))}" if shape is not None else ""
            raise ModelError(f"onnx: {name} {has} among the weights{wanted}; give a complete BLIP-2 with OPT")
        if name not in self.weights:
            self.weights.append(name)
        return name

    def constant(self, values: Sequence[int] | int) -> str:
        """Whole numbers: a list, or a single one."""
        name = self._new("constant")
        self._constants.append(_constant(name, np.asarray(values, dtype=np.int64)))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Attribute) -> str:
        """An operator with one output; inputs that are left out are empty."""
        return self.op_many(kind, 1, *inputs, **attributes)[0]

    def op_many(self, kind: str, outputs: int, *inputs: str, **attributes: Attribute) -> list[str]:
        """An operator with several outputs."""
        names = [self._new(kind) for _ in range(outputs)]
        self._nodes.append(_node(kind, inputs, names, attributes))
        return names

    def to_bytes(self, place: Callable[[str], Place]) -> bytes:
        """The model.

        Args:
            place: From a weight to where it lies.
        """
        weights = [_external(name, self.shapes[name], place(name)) for name in self.weights]
        graph = b"".join(
            [
                *(_message(1, node) for node in self._nodes),
                _text(2, self.name),
                *(_message(5, tensor) for tensor in (*self._constants, *weights)),
                *(_message(11, value) for value in self._inputs),
                *(_message(12, value) for value in self._outputs),
            ]
        )
        return b"".join(
            [
                _number(1, IR_VERSION),
                _text(2, "blip2idc"),
                _text(3, __version__),
                _message(7, graph),
                _message(8, _text(1, "") + _number(2, OPERATORS)),
            ]
        )

    def _new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"


def _node(
    kind: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    attributes: Mapping[str, Attribute],
) -> bytes:
    return b"".join(
        [
            *(_text(1, name) for name in inputs),
            *(_text(2, name) for name in outputs),
            _text(3, outputs[0]),
            _text(4, kind),
            *(_message(5, _attribute(name, value)) for name, value in attributes.items()),
        ]
    )


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _key(2, _FLOAT32) + struct.pack("<f", value) + _number(20, _ATTRIBUTE_FLOAT)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _ATTRIBUTE_INT)
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _number(20, _ATTRIBUTE_TEXT)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, _ATTRIBUTE_INTS)


def _constant(name: str, values: np.ndarray) -> bytes:
    dims = b"".join(_number(1, size) for size in values.shape)
    return dims + _number(2, _TYPES[values.dtype]) + _text(8, name) + _message(9, values.tobytes())


def _external(name: str, shape: Sequence[int], place: Place) -> bytes:
    where = {"location": place.file, "offset": str(place.offset), "length": str(place.length)}
    return b"".join(
        [
            *(_number(1, size) for size in shape),
            _number(2, _FLOAT),
            _text(8, name),
            *(_message(13, _text(1, key) + _text(2, value)) for key, value in where.items()),
            _number(14, _EXTERNAL),
        ]
    )


def _value_info(name: str, sizes: Sequence[Size], dtype: type) -> bytes:
    dims = [_number(1, size) if isinstance(size, int) else _text(2, size) for size in sizes]
    shape = b"".join(_message(1, dim) for dim in dims)
    tensor = _number(1, _TYPES[np.dtype(dtype)]) + _message(2, shape)
    return _text(1, name) + _message(2, _message(1, tensor))


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _number(field: int, value: int) -> bytes:
    return _key(field, _VARINT) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _message(field: int, value: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers as 64 bits.

    >>> _varint(300).hex(), len(_varint(-1))
    ('ac02', 10)
    """
    value %= 1 << 64
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
