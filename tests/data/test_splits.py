from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from matwidgets.data import datasets, splits
from matwidgets.errors import InputError
from matwidgets.features.composition import canonical_key

FORMULAS = [f"Ti{i}C{j}" for i in range(1, 8) for j in range(1, 8)]


def test_published_parts():
    frame = pd.DataFrame(
        {"formula": ["Ti", "C", "N"], "target": [1.0, 2.0, 3.0], "split": ["test", "train", "train"]}
    )
    parts = splits.published(frame)
    assert list(parts) == ["train", "val", "test"]
    assert parts["train"].to_dict("list") == {"formula": ["C", "N"], "target": [2.0, 3.0]}
    assert len(parts["val"]) == 0
    assert parts["test"].index.tolist() == [0]


def test_published_needs_the_column():
    with pytest.raises(InputError, match="^The frame has no column 'split': load it with load_property"):
        splits.published(pd.DataFrame({"formula": ["Ti"]}))


@given(st.lists(st.sampled_from(FORMULAS), min_size=60, max_size=120), st.integers(0, 2**32 - 1))
def test_every_row_is_in_one_part_and_every_composition_on_one_side(formulas, seed):
    keys = np.array([canonical_key(formula) for formula in formulas])
    assume(len(set(keys)) >= 3)
    parts = splits.seeded_split(formulas, seed=seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(formulas)))
    sides = [set(keys[part]) for part in parts]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    assert all(sides)


def test_the_same_material_written_twice_is_on_one_side():
    formulas = ["TiC", "C2Ti2", "Ti0.5C0.5", "TiN", "TiO2", "Al2O3"]
    for seed in range(20):
        for part in splits.seeded_split(formulas, (0.5, 0.5), seed=seed):
            assert len({0, 1, 2} & set(part.tolist())) in (0, 3)


def test_rows_of_compositions_that_are_in_an_earlier_part():
    """Diamond is learned, so graphite validates nothing; Si is validated, so it is no test; W is only tested."""
    formulas = ["C", "C4", "Si", "Si2", "W", "W2", "C2"]
    parts = ["train", "val", "val", "test", "test", "test", "train"]
    kept = splits.not_seen_before(formulas, parts)
    assert kept.tolist() == [True, False, True, False, True, True, True]
    assert splits.not_seen_before([], []).shape == (0,)


@pytest.mark.parametrize(
    ("formulas", "parts", "message"),
    [
        (["C", "Si"], ["train"], "1 parts for 2 formulas: give one a formula"),
        (["C"], ["holdout"], "Unknown part 'holdout'; allowed are train, val, test: name one of these"),
    ],
)
def test_parts_that_are_none(formulas, parts, message):
    with pytest.raises(InputError, match=message):
        splits.not_seen_before(formulas, parts)


def test_split_depends_on_seed_and_not_on_row_order():
    formulas = sorted({canonical_key(f) for f in FORMULAS})
    first = splits.seeded_split(formulas, seed=1)
    chosen = {formulas[i] for i in first[1]}
    backwards = formulas[::-1]
    assert {backwards[i] for i in splits.seeded_split(backwards, seed=1)[1]} == chosen
    assert {formulas[i] for i in splits.seeded_split(formulas, seed=2)[1]} != chosen


def test_shares():
    formulas = [f"Ti{i}C{i + 1}" for i in range(1, 101)]
    assert [len(part) for part in splits.seeded_split(formulas, (0.7, 0.2, 0.1), seed=0)] == [70, 20, 10]
    assert [len(part) for part in splits.seeded_split(["Ti", "C", "N"], (0.98, 0.01, 0.01))] == [1, 1, 1]


@pytest.mark.parametrize(
    ("formulas", "shares", "message"),
    [
        (
            ["Ti", "C"],
            (0.5, 0.4),
            "Shares [0.5, 0.4]: give positive shares that sum to 1, such as [0.8, 0.1, 0.1].",
        ),
        (
            ["Ti", "C"],
            (1.5, -0.5),
            "Shares [1.5, -0.5]: give positive shares that sum to 1, such as [0.8, 0.1, 0.1].",
        ),
        (["Ti", "C"], (), "Shares []: give positive shares that sum to 1, such as [0.8, 0.1, 0.1]."),
        (["Ti", "Ti2"], (0.5, 0.5), "1 distinct compositions for 2 parts: give at least one a part."),
    ],
)
def test_split_refuses(formulas, shares, message):
    with pytest.raises(InputError) as caught:
        splits.seeded_split(formulas, shares)
    assert str(caught.value) == message


def test_grouped_by_elements_no_set_is_on_two_sides():
    pairs = [a + b for a in ("Li", "Na", "K") for b in ("F", "Cl", "Br")]
    formulas = [*pairs, *(f"{pair}3" for pair in pairs), "Li", "Ti2C", "C Ti"]
    parts = splits.seeded_split(formulas, (0.6, 0.2, 0.2), seed=1, together=splits.element_set)
    sets = [{splits.element_set(formulas[i]) for i in part} for part in parts]
    assert sorted(i for part in parts for i in part) == list(range(len(formulas)))
    assert not sets[0] & sets[1] and not sets[0] & sets[2] and not sets[1] & sets[2]
    assert [len(s) for s in sets] == [7, 2, 2], "shares of the eleven sets"
    by_formula = splits.seeded_split(formulas, (0.6, 0.2, 0.2), seed=1)
    mixed = [{splits.element_set(formulas[i]) for i in part} for part in by_formula]
    assert mixed[0] & mixed[1] or mixed[0] & mixed[2], "the split by formula does mix them"


def test_too_few_groups_of_elements():
    with pytest.raises(InputError) as caught:
        splits.seeded_split(["TiC", "Ti2C"], (0.5, 0.5), together=splits.element_set)
    assert str(caught.value) == "1 distinct groups for 2 parts: give at least one a part."


def test_hold_out_a_binary_system():
    frame = pd.DataFrame({"formula": ["TiC", "C1Ti2", "Ti", "C", "TiCN", "TiN"]})
    kept, held = splits.hold_out(frame, splits.is_system(["C", "Ti"]))
    assert kept["formula"].tolist() == ["Ti", "C", "TiCN", "TiN"]
    assert held["formula"].tolist() == ["TiC", "C1Ti2"]
    assert kept.index.tolist() == [0, 1, 2, 3]


def test_hold_out_keeps_sources():
    frame = pd.DataFrame({"formula": ["TiC"]})
    frame.attrs["unit"] = "GPa"
    kept, held = splits.hold_out(frame, lambda fractions: False)
    assert kept.attrs == held.attrs == {"unit": "GPa"}
    assert len(held) == 0


def test_hold_out_refuses():
    with pytest.raises(InputError) as caught:
        splits.hold_out(pd.DataFrame({"name": ["Ti"]}), splits.is_system(["Ti"]))
    assert str(caught.value) == "The frame has no column 'formula': name one of name."
    with pytest.raises(InputError, match="Unknown element 'Xx'"):
        splits.is_system(["Ti", "Xx"])


@pytest.mark.data
def test_titanium_carbides_in_the_real_table():
    kept, held = splits.hold_out(datasets.load_bulk_modulus("train"), splits.is_system(["Ti", "C"]))
    assert set(held["formula"]) == {"C1Ti1", "C1Ti2"}
    assert len(kept) == 3426


@pytest.mark.data
def test_published_parts_share_no_composition():
    parts = splits.published(datasets.load_bulk_modulus())
    keys = [set(part["formula"].map(canonical_key)) for part in parts.values()]
    assert sum(map(len, keys)) == len(set.union(*keys))


def alloys(number):
    """Distinct alloys of 2 to 4 of six elements, many of one set of elements."""
    generator = np.random.default_rng(5)
    found = {}
    while len(found) < number:
        chosen = generator.choice(
            ["Fe", "Ni", "Cr", "Co", "Al", "Ti"], generator.integers(2, 5), replace=False
        )
        formula = "".join(f"{symbol}{generator.integers(1, 20)}" for symbol in chosen)
        found.setdefault(canonical_key(formula), formula)
    return list(found.values())


def test_sizes_are_the_papers():
    assert splits.semi_supervised_sizes(1373) == (864, 296, 75, 138)
    assert splits.semi_supervised_sizes(1373, labelled=0.2) == (247, 790, 198, 138)


@given(st.integers(40, 5000), st.floats(0.1, 0.9))
def test_sizes_sum_to_the_rows(rows, labelled):
    sizes = splits.semi_supervised_sizes(rows, labelled=labelled)
    assert sum(sizes) == rows and min(sizes) >= 1


def test_semi_supervised_parts_are_disjoint_complete_and_of_exact_size():
    formulas = alloys(1373)
    for sizes in [(864, 296, 75, 138), (247, 790, 198, 138)]:
        parts = splits.semi_supervised_split(formulas, 3, sizes=sizes)
        assert tuple(map(len, parts)) == sizes
        assert sorted(np.concatenate(parts).tolist()) == list(range(1373))
        assert all(np.all(np.diff(part) > 0) and part.dtype == np.int64 for part in parts)


def test_repeated_compositions_are_labelled_ones():
    formulas = [*alloys(60), "FeNi", "Fe0.5Ni0.5", "Ni2Fe2"]
    same = {i for i, formula in enumerate(formulas) if canonical_key(formula) == canonical_key("FeNi")}
    assert len(same) >= 3
    for seed in range(5):
        assert same <= set(splits.semi_supervised_split(formulas, seed).labelled.tolist())


def test_parts_are_nested_in_one_seed_and_differ_between_seeds():
    formulas = alloys(300)
    many = splits.semi_supervised_split(formulas, 1, sizes=(200, 50, 20, 30))
    few = splits.semi_supervised_split(formulas, 1, sizes=(50, 150, 70, 30))
    assert few.test.tolist() == many.test.tolist()
    assert set(few.labelled) < set(many.labelled)
    assert set(many.validation) < set(few.validation)
    again = splits.semi_supervised_split(formulas, 1, sizes=(200, 50, 20, 30))
    assert all((a == b).all() for a, b in zip(again, many, strict=True))
    assert (
        splits.semi_supervised_split(formulas, 2, sizes=(200, 50, 20, 30)).test.tolist() != many.test.tolist()
    )


def test_the_order_of_the_rows_does_not_matter():
    formulas = alloys(200)
    turned = [formulas[i] for i in np.random.default_rng(0).permutation(200)]
    labels = {formula: i % 3 == 0 for i, formula in enumerate(formulas)}
    one = splits.semi_supervised_split(formulas, 4, labels=[labels[f] for f in formulas])
    two = splits.semi_supervised_split(turned, 4, labels=[labels[f] for f in turned])
    for left, right in zip(one, two, strict=True):
        assert {formulas[i] for i in left} == {turned[i] for i in right}


def test_labels_keep_their_share_in_every_part_if_asked_for():
    formulas = alloys(400)
    labels = np.arange(400) % 4 == 0
    parts = splits.semi_supervised_split(formulas, 7, sizes=(240, 80, 40, 40), labels=labels.tolist())
    for part in parts:
        assert abs(labels[part].sum() - len(part) / 4) <= 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": (1, 2, 3, 4)}, r"^Sizes \[1, 2, 3, 4\] for 50 rows"),
        ({"sizes": (60, -10, 0, 0)}, "^Sizes"),
        ({"labels": [0, 1]}, "^2 labels for 50 formulas"),
    ],
)
def test_wrong_semi_supervised_splits(arguments, message):
    with pytest.raises(InputError, match=message):
        splits.semi_supervised_split(alloys(50), **arguments)


def test_too_few_labelled_rows_for_the_repeated_ones():
    with pytest.raises(
        InputError, match="^4 rows share their composition with another and only 1 are labelled"
    ):
        splits.semi_supervised_split(["FeNi", "NiFe", "Al", "Al2", "Ti"], sizes=(1, 2, 1, 1))


@pytest.mark.parametrize(("rows", "share"), [(2, 0.1), (100, 0.0), (100, 1.0)])
def test_wrong_sizes(rows, share):
    with pytest.raises(InputError, match="rows for four parts|give a share between 0 and 1"):
        splits.semi_supervised_sizes(rows, test=share)


@pytest.mark.parametrize("folds", [2, 5, 10])
def test_grouped_folds_share_no_set_of_elements_and_are_of_like_size(folds):
    formulas = alloys(500)
    found = splits.grouped_folds(formulas, folds, seed=2)
    assert sorted(np.concatenate(found).tolist()) == list(range(500))
    groups = [{splits.element_set(formulas[row]) for row in fold} for fold in found]
    assert sum(map(len, groups)) == len(set().union(*groups))
    largest = max(Counter(map(splits.element_set, formulas)).values())
    sizes = [len(fold) for fold in found]
    assert max(sizes) - min(sizes) <= largest
    assert [f.tolist() for f in found] != [f.tolist() for f in splits.grouped_folds(formulas, folds, seed=3)]


@pytest.mark.parametrize("folds", [1, 3])
def test_wrong_number_of_folds(folds):
    with pytest.raises(InputError, match=f"^{folds} folds of 2 groups: give 2 to 2 folds"):
        splits.grouped_folds(["FeNi", "Fe2Ni", "TiC"], folds)
