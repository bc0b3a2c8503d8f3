"""The 85 x 8 language: Figure 1, what it can and cannot say, reading of blurred matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matwidgets.errors import InputError
from matwidgets.features.composition import canonical_key
from matwidgets.features.elements import ATOMIC_NUMBERS
from matwidgets.features.occupancy import (
    ELEMENTS,
    INDEX,
    MOST_ATOMS,
    decode,
    distinct_rows,
    encode,
    formulas_of,
    matrices,
    read,
    reduced,
    require_counts,
)

AMOUNTS = st.dictionaries(st.sampled_from(ELEMENTS), st.integers(1, MOST_ATOMS), min_size=1, max_size=7)


def test_the_elements():
    assert len(ELEMENTS) == 85  # section 2.2
    numbers = [ATOMIC_NUMBERS[symbol] for symbol in ELEMENTS]
    assert numbers == sorted(numbers)
    assert "Kr" not in INDEX and {"Xe", "Tc", "Pm", "Ac", "Pu"} <= set(ELEMENTS)


def test_figure_1():
    """KZn2Ru: one cell in the rows of K, Zn and Ru, in the columns of 1, 2 and 1 atoms."""
    (matrix,) = encode(["KZn2Ru"]).matrices
    assert matrix.shape == (85, 8) and matrix.dtype == np.uint8
    on = {(ELEMENTS[row], int(column) + 1) for row, column in np.argwhere(matrix)}
    assert on == {("K", 1), ("Zn", 2), ("Ru", 1)}
    assert matrix.sum() == 3 and set(np.unique(matrix)) == {0, 1}
    assert decode(matrix[None]) == ["KZn2Ru"]


def test_a_formula_is_taken_as_it_is_written():
    counts = encode(["Na2O2", "NaO"]).counts  # Table 2 has Na2O2 with two atoms of each
    assert counts[:, [INDEX["Na"], INDEX["O"]]].tolist() == [[2, 2], [1, 1]]
    assert (reduced(counts)[0] == counts[1]).all()
    assert not reduced(np.zeros((1, 85), dtype=np.uint8)).any()


def test_what_cannot_be_encoded_is_counted_and_listed():
    given_ = ["TiC", "YFe9", "KrF2", "Ti0.5C0.5", "tic", "Al2O3", "HeO9", "Fe11O"]
    encoded = encode(given_)
    assert encoded.rows.tolist() == [0, 5] and len(encoded.counts) == 2
    assert [(r.row, r.formula, r.reason) for r in encoded.refused] == [
        (1, "YFe9", "count"),
        (2, "KrF2", "element"),
        (3, "Ti0.5C0.5", "fraction"),
        (4, "tic", "unreadable"),
        (6, "HeO9", "element"),
        (7, "Fe11O", "count"),
    ]
    assert encoded.told() == {"count": 2, "element": 2, "fraction": 1, "unreadable": 1}
    assert encoded.lines()[0] == ("2 formulas left out (more than 8 atoms of an element): YFe9, Fe11O")
    assert encode(["TiC"]).lines() == []


def test_formulas_that_must_have_a_matrix():
    assert require_counts(["TiC"]).sum() == 2
    with pytest.raises(InputError) as caught:
        require_counts(["TiC", "Ca9O", "KrF2"])
    assert str(caught.value) == (
        "2 of 3 formulas have no 85 x 8 matrix (the first is 'Ca9O': more than 8 atoms of an element): leave such "
        "formulas out"
    )


@given(AMOUNTS)
def test_there_and_back(amounts):
    formula = "".join(f"{symbol}{count}" for symbol, count in amounts.items())
    encoded = encode([formula])
    (back,) = decode(encoded.matrices)
    assert back is not None and canonical_key(back) == canonical_key(formula)
    seen = read(encoded.matrices)
    assert seen.legible.all() and (seen.counts == encoded.counts).all()


def test_blurred_matrices():
    """The largest cell of a row counts; two cells above the threshold, or none at all, are no formula."""
    exact = encode(["TiC", "Al2O3"]).matrices
    blurred = np.concatenate([0.8 * exact + 0.1, exact[:1], 0 * exact[:1]]).astype(np.float32)
    blurred[2, INDEX["C"], 4] = 0.6
    seen = read(blurred)
    assert seen.legible.tolist() == [True, True, False, False]
    assert seen.counts[2, INDEX["C"]] == 1  # the larger one
    assert decode(blurred) == ["TiC", "Al2O3", None, None]
    assert read(blurred, 0.95).legible.tolist() == [False, False, True, False]


def test_rows_are_written_once_each_in_their_order():
    counts = encode(["TiC", "NaCl", "TiC"]).counts
    assert formulas_of(counts) == ["TiC", "NaCl", "TiC"]
    assert formulas_of(counts[:0]) == []
    with pytest.raises(InputError, match="A row without an atom has no formula"):
        formulas_of(np.zeros((1, 85), dtype=np.uint8))


@pytest.mark.parametrize("counts", [np.zeros((2, 89), dtype=int), np.full((1, 85), 9), np.full((1, 85), -1)])
def test_counts_that_are_none(counts):
    with pytest.raises(InputError, match=r"give whole numbers from 0 to 8, shape \(n, 85\)"):
        matrices(counts)


def test_matrices_that_are_none():
    with pytest.raises(InputError, match=r"Matrices of shape \(85, 8\): give shape \(n, 85, 8\)"):
        read(np.zeros((85, 8)))
    with pytest.raises(InputError, match="threshold is 0; it must lie between 0 and 1"):
        read(np.zeros((1, 85, 8)), 0)


def test_distinct_rows_are_those_of_numpy():
    counts = encode(["TiC", "NaCl", "TiC", "Al2O3", "NaCl"]).counts
    distinct, which = distinct_rows(counts)
    assert len(distinct) == len(np.unique(counts, axis=0)) == 3
    assert (distinct[which] == counts).all()
    again, _ = distinct_rows(counts[::-1])
    assert (again == distinct).all()  # whatever the order of the rows
    empty, none = distinct_rows(counts[:0])
    assert empty.shape == (0, 85) and none.shape == (0,)
