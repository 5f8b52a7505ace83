"""Parts of a batch side by side: in order, with a share of the threads each, and none of it left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from blip2idc.model.layers.lanes import lanes_for, one_thread, side_by_side, slice_for


@pytest.fixture
def four_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("four_threads")
def test_parts_are_worked_on_at_once_and_given_in_order() -> None:
    both = threading.Barrier(2, timeout=10)

    def work(part: str) -> tuple[str, int]:
        both.wait()  # neither goes on before the other has begun
        return part, torch.get_num_threads()

    assert side_by_side(work, ["one", "other"]) == [("one", 2), ("other", 2)]
    assert torch.get_num_threads() == 4
    assert side_by_side(lambda part: torch.get_num_threads(), ["alone"]) == [4]


@pytest.mark.usefixtures("four_threads")
def test_what_goes_wrong_in_one_is_raised_and_leaves_the_threads_as_they_were() -> None:
    def work(part: int) -> int:
        if part == 2:
            raise ValueError("two")
        return part

    with pytest.raises(ValueError, match="two"):
        side_by_side(work, [1, 2, 3])
    assert torch.get_num_threads() == 4
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert later == [4]


@pytest.mark.usefixtures("four_threads")
def test_beside_others_each_lane_has_one_thread() -> None:
    with one_thread():
        assert torch.get_num_threads() == 1
        assert side_by_side(lambda part: torch.get_num_threads(), ["one", "other"]) == [1, 1]
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 4


@pytest.mark.usefixtures("four_threads")
def test_only_small_networks_on_processors_have_lanes() -> None:
    assert lanes_for("cpu", 3_000_000) == 4
    assert lanes_for("cpu", 4_000_000_000) == 1
    assert lanes_for("cuda:0", 3_000_000) == 1


def test_slices_are_for_small_networks_on_the_cpu() -> None:
    assert slice_for("cpu", 3_000_000, 257 * 512) == 4
    assert slice_for("cpu", 3_000_000, 10**8) == 1
    assert slice_for("cpu", 3_000_000_000, 257 * 6144) is None
    assert slice_for("cuda", 3_000_000, 257 * 512) is None
