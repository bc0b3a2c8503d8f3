"""What a search through decoders is compared with, on a latent space whose answers are known by hand."""

import sys
from pathlib import Path

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.papers.dual_vae_proposals import (
    METHODS,
    against_chance,
    filtered,
    known_materials,
    summary,
    two_at_once,
    usual_round_trip,
)

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny_dual import TinyDual

DUAL = TinyDual()


def test_methods_begin_with_the_same_points_and_are_summarised():
    """With no more points than the twenty random ones that all begin with, all find the same."""
    rows = against_chance(DUAL, n_trials=20, seeds=(0, 1))
    assert len(rows) == 2 * len(METHODS) and (rows["seconds"] > 0).all()
    for _, part in rows.groupby("seed"):
        best = part.set_index("method")["best"]
        assert best["random, data"] == best["tpe, data"] == best["tpe, data, joint"]
        assert best["random, box"] == best["tpe, box"] != best["tpe, data"]
    table = summary(rows).set_index("method")
    for method, part in rows.groupby("method"):
        told = table.loc[method]
        assert (told["worst"], told["best"]) == (part["best"].min(), part["best"].max())
        assert (
            told["median"] == told["worst"] and told["feasible"] == part["feasible"].mean() > 0
        )  # the lower of two
    turned = summary(rows, "minimize").set_index("method")
    assert turned["best"].tolist() == table["worst"].tolist()


def test_a_search_that_finds_nothing_counts_as_the_worst():
    methods = {"random, data": METHODS["random, data"]}
    rows = against_chance(DUAL, n_trials=3, seeds=(0, 1), methods=methods, elements=["Fe"])
    assert rows["best"].isna().all() and (rows["feasible"] == 0).all() and rows["formula"].isna().all()
    rows.loc[0, "best"] = 5.0
    told = summary(rows).iloc[0]
    assert np.isnan(told["worst"]) and np.isnan(told["median"]) and told["best"] == 5


class Failing(TinyDual):
    """After some points it refuses its input."""

    def __init__(self):
        self.left = 5

    def encode(self, compositions, profiles):
        self.left -= 1
        if self.left < 0:
            raise InputError("no such composition")
        return super().encode(compositions, profiles)


def test_another_error_is_no_search_that_found_nothing():
    with pytest.raises(InputError, match="no such composition"):
        against_chance(Failing(), n_trials=20, seeds=(0,), methods={"only": METHODS["random, data"]})


def test_without_the_filter_proposals_leave_the_data():
    table = filtered(DUAL, n_trials=30, seeds=(0,)).set_index("proposals")
    assert table.loc["with the filter", "below_floor"] == 0
    assert table.loc["without it", "below_floor"] > 0
    # Far out one element is all that is left: a point is then not where its material is encoded.
    assert table.loc["without it", "round_trip"] > table.loc["drawn from the data", "round_trip"]
    assert (table["count"] > 0).all() and table["neutral"].between(0, 1).all()


def test_the_usual_round_trip_is_a_quantile():
    drawn = DUAL.sample(300, seed=0)
    named = [i for i, formula in enumerate(drawn.formulas) if formula]
    trips = [np.linalg.norm(DUAL.encode(drawn.formulas[i], drawn.profiles[i])[0] - drawn.z[i]) for i in named]
    assert usual_round_trip(DUAL) == pytest.approx(np.quantile(trips, 0.95))


def test_two_properties_at_once():
    rows = two_at_once(DUAL, n_trials=20, seeds=(0,))
    assert rows["hypervolume"].nunique() == 1 and rows["hypervolume"][0] > 0  # all begin alike
    assert (rows["front"] > 0).all()
    nothing = two_at_once(DUAL, n_trials=2, seeds=(0,), methods=("random, data",), elements=["Fe"])
    assert nothing[["hypervolume", "front", "feasible"]].to_numpy().tolist() == [[0.0, 0, 0.0]]


def test_the_handbook_is_known_without_a_table():
    known = known_materials("crystals")
    assert "MgO" in known.formulas and known.profiles.shape == (len(known.formulas), 1601)
    row = known.formulas.index("MgO")
    assert known.nearest_pattern(known.profiles[row])[1] == pytest.approx(1.0, abs=1e-5)
    assert known.nearest_compound("Mg2O2") == ("MgO", 0.0)
