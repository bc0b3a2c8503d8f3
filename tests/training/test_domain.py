"""The domain: distances that a person can check on paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from matwidgets.features.composition import pack
from matwidgets.training.domain import Domain

NUMBERS = np.array([[22, 6, 0], [13, 8, 0], [22, 7, 0]])
FRACTIONS = np.array([[0.5, 0.5, 0], [0.4, 0.6, 0], [0.5, 0.5, 0]], dtype=np.float32)
DOMAIN = Domain.of(NUMBERS, FRACTIONS, threshold=0.3)


@pytest.mark.parametrize(
    ("numbers", "fractions", "distance"),
    [
        ([22, 6], [0.5, 0.5], 0.0),
        ([6, 22], [0.5, 0.5], 0.0),
        ([22, 6], [0.75, 0.25], 0.25),
        ([22, 6, 7], [0.5, 0.3, 0.2], 0.2),
        ([29, 30], [0.5, 0.5], 1.0),
    ],
)
def test_distance_is_the_share_of_atoms_to_exchange(
    numbers: list[int], fractions: list[float], distance: float
) -> None:
    assert DOMAIN.distance(np.array([numbers]), np.array([fractions]))[0] == pytest.approx(distance, abs=4e-3)


def test_in_domain_needs_known_elements_and_a_near_row() -> None:
    numbers = np.array([[22, 6], [22, 6], [22, 29], [22, 29]])
    fractions = np.array([[0.5, 0.5], [0.95, 0.05], [0.9, 0.1], [1.0, 0.0]])
    assert DOMAIN.contains(numbers, fractions).tolist() == [True, False, False, False]
    near = Domain.of(NUMBERS, FRACTIONS, threshold=0.6)
    assert near.contains(numbers, fractions).tolist() == [True, True, False, True], (
        "an absent copper does not matter"
    )


def test_in_domain_needs_members_that_agree() -> None:
    numbers, fractions = np.array([[22, 6], [22, 6], [22, 29]]), np.array([[0.5, 0.5]] * 3)
    assert DOMAIN.contains(numbers, fractions, np.array([9.0, 0.0, 0.0])).tolist() == [True, True, False]
    strict = replace(DOMAIN, disagreement=0.5)
    assert strict.contains(numbers, fractions, np.array([0.6, 0.5, 0.0])).tolist() == [False, True, False]
    assert strict.contains(numbers, fractions).tolist() == [True, True, False], "one member cannot disagree"


@pytest.mark.parametrize("members", [1, 5])
def test_limits_call_one_familiar_row_in_twenty_outside(members: int) -> None:
    domain = Domain.of(*random_compositions(400, 3))
    numbers, fractions = random_compositions(1000, 4)
    spread = np.random.default_rng(5).exponential(1.0, 1000) if members > 1 else None
    limited = domain.limited(numbers, fractions, spread)
    outside = np.mean(~limited.contains(numbers, fractions, spread))
    assert 0.04 <= outside <= 0.05
    assert (limited.disagreement is None) == (spread is None) and 0 < limited.threshold < 1
    if spread is not None and limited.disagreement is not None:
        beyond = (domain.distance(numbers, fractions) > limited.threshold).mean()
        assert 0 < beyond < 0.04 and 0 < (spread > limited.disagreement).mean() < 0.04, "both rules take part"


def test_rows_of_foreign_elements_count_among_the_false_alarms() -> None:
    domain = Domain.of(*random_compositions(400, 3))
    numbers, fractions = random_compositions(200, 4)
    numbers[:8] = np.where(numbers[:8] > 0, 90 + np.arange(5), 0)
    limited = domain.limited(numbers, fractions, None)
    assert 0.04 <= np.mean(~limited.contains(numbers, fractions)) <= 0.05


def test_without_validation_rows_the_limits_stay() -> None:
    assert DOMAIN.limited(np.zeros((0, 2), dtype=int), np.zeros((0, 2)), None) is DOMAIN


def test_training_rows_are_recognised() -> None:
    asked = np.array([[22, 6], [8, 13], [22, 6]])
    assert DOMAIN.is_training_row(asked, np.array([[0.5, 0.5], [0.6, 0.4], [0.52, 0.48]])).tolist() == [
        True,
        True,
        False,
    ]


def test_duplicates_are_stored_once() -> None:
    assert len(Domain.of(np.repeat(NUMBERS, 3, 0), np.repeat(FRACTIONS, 3, 0)).numbers) == 3


def random_compositions(rows: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """One to five elements out of twelve, with zeros as padding anywhere."""
    rng = np.random.default_rng(seed)
    numbers = np.array([rng.permutation(np.arange(1, 13))[:5] for _ in range(rows)])
    fractions = rng.dirichlet(np.ones(5), rows) * (rng.random((rows, 5)) < 0.6)
    fractions[fractions.sum(1) == 0, 0] = 1
    return np.where(fractions > 0, numbers, 0), (fractions / fractions.sum(1, keepdims=True)).astype(
        np.float32
    )


def by_definition(domain: Domain, numbers: NDArray[np.int64], fractions: NDArray[np.floating]) -> list[float]:
    """The least 1 - sum_e min(x_e, t_e), written down row by row."""
    known = [
        {z: level / row_levels.sum() for z, level in zip(row.tolist(), row_levels.tolist(), strict=True) if z}
        for row, row_levels in zip(domain.numbers, domain.levels.astype(float), strict=True)
    ]
    asked = [dict(zip(n.tolist(), f.tolist(), strict=True)) for n, f in zip(numbers, fractions, strict=True)]
    return [1 - max(sum(min(x, t.get(z, 0)) for z, x in q.items() if z) for t in known) for q in asked]


@pytest.mark.parametrize("seed", range(4))
def test_distance_is_its_definition(seed: int) -> None:
    domain = Domain.of(*random_compositions(300, seed))
    asked = random_compositions(100, seed + 50)
    expected = np.array(by_definition(domain, *asked))
    got = domain.distance(*asked)
    assert np.allclose(got, np.where(expected < 2 / 255, 0, expected), atol=1e-6)
    assert 0.05 < got.mean() < 0.8, "neither trivially near nor far"


def test_distance_over_a_grid_is_its_definition() -> None:
    domain = Domain.of(*random_compositions(300, 7))
    fractions = np.random.default_rng(8).dirichlet(np.ones(4), 400)
    numbers = np.tile([3, 1, 8, 11], (400, 1))
    expected = np.array(by_definition(domain, numbers, fractions))
    assert np.allclose(
        domain.distance(numbers, fractions), np.where(expected < 2 / 255, 0, expected), atol=1e-6
    )


def test_distance_is_the_same_whatever_is_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    domain = Domain.of(*random_compositions(100, 0))
    numbers, fractions = random_compositions(60, 1)
    whole = domain.distance(numbers, fractions)
    assert np.allclose(
        whole, [domain.distance(n[None], f[None])[0] for n, f in zip(numbers, fractions, strict=True)]
    )
    monkeypatch.setattr("matwidgets.training.domain.AT_ONCE", 1)
    assert np.array_equal(domain.distance(numbers, fractions), whole)


@pytest.mark.parametrize("rows", [1, 2, 500])
def test_packing_loses_nothing(rows: int) -> None:
    domain = Domain.of(*random_compositions(rows, rows), threshold=0.25)
    again = Domain.unpacked(domain.packed(), len(domain.numbers), 0.25, 0.5)
    assert np.array_equal(again.numbers, domain.numbers) and np.array_equal(again.levels, domain.levels)
    assert (again.threshold, again.disagreement) == (0.25, 0.5)


def test_rows_that_are_written_differently_are_one() -> None:
    domain = Domain.of(np.array([[22, 6, 0], [0, 6, 22]]), np.array([[0.25, 0.75, 0], [0, 0.75, 0.25]]))
    assert domain.numbers.tolist() == [[6, 22]] and domain.levels.tolist() == [[191, 64]]


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b"\0" + b, lambda b: b""])
def test_damaged_bytes_are_noticed(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="the training compositions cannot be unpacked"):
        Domain.unpacked(damage(DOMAIN.packed()), 3)


@pytest.mark.parametrize("rows", [0, 2, 4])
def test_a_wrong_number_of_rows_is_noticed(rows: int) -> None:
    with pytest.raises(ValueError, match=f"do not hold {rows} training compositions"):
        Domain.unpacked(DOMAIN.packed(), rows)


@pytest.mark.data
def test_sixty_thousand_rows_are_small() -> None:
    """The contract: at most 0.3 MB of a checkpoint."""
    from matwidgets.data.datasets import load_property
    from matwidgets.features.composition import pack

    domain = Domain.of(*pack(load_property("formation_energy", "train")["formula"].tolist()))
    assert len(domain.numbers) > 59_000 and len(domain.packed()) <= 300_000


def test_further_compositions_join():
    one = replace(Domain.of(*pack(["TiC", "Al2O3"]), threshold=0.3), disagreement=0.4)
    both = one.joined(*pack(["CrMnFeCoNi", "TiC"]))
    assert (both.threshold, both.disagreement) == (0.3, 0.4)
    assert both.distance(*pack(["TiC", "Al2O3", "CrMnFeCoNi"])).tolist() == [0, 0, 0]
    assert one.distance(*pack(["CrMnFeCoNi"])).tolist() == [1]
    everything = Domain.of(*pack(["TiC", "Al2O3", "CrMnFeCoNi"]))
    np.testing.assert_array_equal(both.numbers, everything.numbers)
    np.testing.assert_array_equal(both.levels, everything.levels)
    assert one.joined(*pack([])).distance(*pack(["TiC"])).tolist() == [0]
