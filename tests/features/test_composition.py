"""The composition codec: whatever is written, packed or weighed comes back, whatever the order and scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matwidgets.errors import InputError
from matwidgets.features import composition as codec
from matwidgets.features.elements import MASSES, SYMBOLS

amounts = st.dictionaries(
    st.sampled_from(SYMBOLS), st.floats(1e-3, 1e3, allow_nan=False), min_size=1, max_size=9
)
whole_amounts = st.dictionaries(st.sampled_from(SYMBOLS), st.integers(1, 40), min_size=1, max_size=9)


def written(mapping):
    """The amounts as a formula in plain text, digit for digit."""
    return "".join(f"{symbol}{amount!r}" for symbol, amount in mapping.items())


@given(amounts)
def test_text_and_mapping_mean_the_same(mapping):
    assert codec.to_fractions(written(mapping)) == pytest.approx(codec.to_fractions(mapping), rel=1e-12)


@given(amounts)
def test_fractions_are_positive_with_sum_one_and_a_fixed_point(mapping):
    fractions = codec.to_fractions(mapping)
    assert list(fractions) == list(mapping)
    assert min(fractions.values()) > 0
    assert sum(fractions.values()) == pytest.approx(1, abs=1e-12)
    assert codec.to_fractions(fractions) == pytest.approx(fractions, rel=1e-12)


@given(amounts, st.floats(1e-6, 1e6))
def test_scaling_changes_nothing(mapping, factor):
    scaled = {symbol: amount * factor for symbol, amount in mapping.items()}
    assert codec.to_fractions(scaled) == pytest.approx(codec.to_fractions(mapping), rel=1e-9)


@given(amounts, st.randoms(use_true_random=False))
def test_order_changes_no_fraction(mapping, random):
    symbols = list(mapping)
    random.shuffle(symbols)
    shuffled = {symbol: mapping[symbol] for symbol in symbols}
    assert codec.to_fractions(shuffled) == pytest.approx(codec.to_fractions(mapping), rel=1e-12)


@given(st.lists(amounts, max_size=6))
def test_pack_holds_every_composition_and_only_zeros_beside(mappings):
    numbers, fractions = codec.pack(mappings)
    assert numbers.dtype == np.int64
    assert fractions.dtype == np.float32
    assert numbers.shape == fractions.shape == (len(mappings), max(map(len, mappings), default=0))
    assert ((numbers == 0) == (fractions == 0)).all()
    for mapping, z, x in zip(mappings, numbers, fractions, strict=True):
        back = {SYMBOLS[n - 1]: float(f) for n, f in zip(z, x, strict=True) if n}
        assert back == pytest.approx(codec.to_fractions(mapping), rel=1e-6)


def test_pack_of_mixed_lengths():
    numbers, fractions = codec.pack(["Ti", {"Ti": 1, "C": 3}], width=3)
    assert numbers.tolist() == [[22, 0, 0], [22, 6, 0]]
    assert fractions.tolist() == [[1, 0, 0], [0.25, 0.75, 0]]


def test_pack_refuses_a_width_that_cuts():
    with pytest.raises(InputError) as caught:
        codec.pack(["TiC", "Al2O3"], width=1)
    assert str(caught.value) == "A composition of 2 elements in a batch of width 1: give a width of 2."


@given(st.lists(amounts, min_size=1, max_size=5))
def test_matrix_rows_round_trip(mappings):
    matrix = codec.fraction_matrix(mappings)
    assert matrix.shape == (len(mappings), 118)
    assert matrix.sum(axis=1) == pytest.approx(np.ones(len(mappings)))
    for mapping, row in zip(mappings, matrix, strict=True):
        assert codec.from_matrix(row) == pytest.approx(codec.to_fractions(mapping), rel=1e-9)


def test_matrix_columns_are_atomic_numbers():
    assert np.flatnonzero(codec.fraction_matrix(["TiC"])[0]).tolist() == [5, 21]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (np.ones(3), r"A composition vector of shape \(3,\): give one of shape \(118,\)\."),
        (np.zeros(118), r"has no amount above zero: give at least one\.$"),
        (np.full(118, -1.0), r"Negative amount -1 of H: give amounts of zero or more\."),
        (np.full(118, np.nan), r"Amount nan of H is no finite number"),
    ],
)
def test_from_matrix_refuses(row, message):
    with pytest.raises(InputError, match=message):
        codec.from_matrix(row)


@given(amounts)
def test_weight_fractions_round_trip(mapping):
    fractions = codec.to_fractions(mapping)
    assert codec.wt_to_at(codec.at_to_wt(fractions)) == pytest.approx(fractions, rel=1e-9)


def test_weight_fractions_of_titanium_carbide():
    weights = codec.at_to_wt({"Ti": 1, "C": 1})
    assert weights["Ti"] == pytest.approx(MASSES["Ti"] / (MASSES["Ti"] + MASSES["C"]))
    assert weights["Ti"] == pytest.approx(0.79941, abs=1e-5)


@given(whole_amounts)
def test_weight_fractions_agree_with_pymatgen(mapping):
    from pymatgen.core import Composition

    composition = Composition(mapping)
    theirs = {symbol: composition.get_wt_fraction(symbol) for symbol in mapping}
    ours = codec.at_to_wt(mapping)
    # The masses of elements without a stable isotope differ by up to three units (see test_elements).
    assert ours == pytest.approx(theirs, rel=0.03)


def test_interface_is_complete():
    assert all(hasattr(codec, name) for name in codec.__all__)
