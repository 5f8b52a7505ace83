import numpy as np
import pytest

from blip2idc.worlds.pages.nuisances import IN_PICTURE, NUISANCES, drawn, reduced, times


@pytest.mark.parametrize("name", IN_PICTURE)
def test_a_nuisance_keeps_size_and_is_a_function_of_the_generator(name: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    first, second = (IN_PICTURE[name](pixels, np.random.default_rng(5)) for _ in range(2))
    assert first.shape == pixels.shape
    assert np.array_equal(first, second)
    assert not np.array_equal(first, pixels)


def test_a_fine_photograph_is_reduced_and_shifted_by_half_a_pixel() -> None:
    fine = np.zeros((4, 8, 3), np.uint8)
    fine[:, 2:4] = 200
    assert reduced(fine, 0)[0, :, 0].tolist() == [0, 200, 0, 0]
    assert reduced(fine, 1)[0, :, 0].tolist() == [0, 100, 100, 0]


def test_unchanged_pairs_mostly_have_nuisances_and_changed_ones_at_times() -> None:
    rng = np.random.default_rng(1)
    none = [bool(drawn(rng, changed=False)) for _ in range(400)]
    some = [drawn(rng, changed=True) for _ in range(400)]
    assert 0.8 < np.mean(none) < 0.97
    assert 0.3 < np.mean([bool(names) for names in some]) < 0.45
    assert all("smoothing" not in names for names in some)
    assert {name for names in some for name in names} == set(NUISANCES) - {"smoothing"}


def test_two_times_differ() -> None:
    rng = np.random.default_rng(2)
    assert all(first != second for first, second in (times(rng) for _ in range(50)))
