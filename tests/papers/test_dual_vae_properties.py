"""Property models on latents: folds, measures by hand, and what reaches the ledger, on synthetic tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matwidgets.data.splits import element_set
from matwidgets.errors import InputError, MissingTableError
from matwidgets.features.composition import canonical_key
from matwidgets.features.composition_vectors import fraction_vectors
from matwidgets.papers import dual_vae_boosting as boosting
from matwidgets.papers import dual_vae_endpoints as endpoints
from matwidgets.papers import dual_vae_properties as properties
from matwidgets.papers.dual_vae_boosting import FRACTIONS, LATENTS
from matwidgets.papers.dual_vae_endpoints import Encoded, Endpoint, endpoint

QUICK = boosting.Settings(rate=0.3, iterations=30)
FORMULAS = [
    f"{a}{n}{b}{m}"
    for a in ("Na", "K", "Li", "Ca", "Ti", "Fe", "Cu", "Zn", "Al", "Ga")
    for b in ("O", "S", "F", "Cl", "N", "C")
    for n, m in ((1, 1), (2, 1), (1, 2), (2, 2), (3, 4))  # 2:2 is 1:1 written otherwise
]


def table(seed: int = 0) -> Encoded:
    """Latents of which the first is the bulk modulus, and the last carries what tells polymorphs apart."""
    generator = np.random.default_rng(seed)
    n = len(FORMULAS)
    latents = generator.standard_normal((n, 88)).astype(np.float32)
    frame = pd.DataFrame({
        "formula": FORMULAS, "bulk_modulus": 100 + 50 * latents[:, 0], "thermal_expansion": np.exp(latents[:, 0]),
        "formation_energy": latents[:, 87].astype(float), "band_gap": np.maximum(latents[:, 0], 0),
        "split": np.where(np.arange(n) // 5 % 5 == 0, "test", "train"), "split_thermal": "train",
    })  # fmt: skip
    frame.loc[0, "bulk_modulus"], frame.loc[1, "thermal_expansion"] = np.nan, 0.0
    return Encoded(frame, latents, fraction_vectors(FORMULAS))


# -- measures ------------------------------------------------------------------------------------------------------


def test_regression_measures_by_hand():
    found = boosting.scores(np.array([1.0, 2.0, 3.0, 6.0]), np.array([1.0, 3.0, 3.0, 4.0]))
    # residuals 0 1 0 -2; mean 3, total square 14
    assert found == pytest.approx({"r2": 1 - 5 / 14, "mae": 0.75, "rmse": np.sqrt(5 / 4)})


def test_class_measures_by_hand():
    found = boosting.scores(np.array([1, 1, 1, 0, 0]), np.array([0.9, 0.8, 0.2, 0.7, 0.1]), classify=True)
    # 2 hits, 1 false alarm, 1 miss: F1 2*2/(3+3); pairs in order: 3*2 less (0.2 below 0.7) = 5 of 6
    assert found == pytest.approx({"auc": 5 / 6, "accuracy": 3 / 5, "f1": 2 / 3})


def test_measures_that_are_not_defined_are_nan():
    assert np.isnan(boosting.scores(np.ones(3), np.ones(3))["r2"])
    assert np.isnan(boosting.scores(np.ones(3), np.ones(3), classify=True)["auc"])
    with pytest.raises(InputError, match="give as many"):
        boosting.scores(np.ones(3), np.ones(2))


def test_paired_difference_by_hand():
    found = boosting.paired(np.array([1.0, 2.0, 4.0]), np.array([0.0, 0.0, 1.0]), test_share=0.2)
    # differences 1 2 3: mean 2, variance 1; corrected by 1/3 + 0.2/0.8
    assert (found.mean, found.error) == pytest.approx((2.0, np.sqrt(1 / 3 + 0.25)))
    assert found.sure and not boosting.paired(np.array([1.0, -1.0, 0.5]), np.zeros(3)).sure
    assert np.isnan(
        boosting.paired(np.array([1.0, 1.1]), np.zeros(2)).error
    )  # two folds hardly tell the spread


# -- folds ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("split", "key"), [("formula", canonical_key), ("elements", element_set)])
def test_folds_share_no_group(split, key):
    parts = boosting.folds_of(FORMULAS, split)
    keys = [{key(FORMULAS[i]) for i in part} for part in parts]
    assert sorted(np.concatenate(parts)) == list(range(len(FORMULAS)))
    assert all(not a & b for i, a in enumerate(keys) for b in keys[:i])


def test_folds_by_row_part_equal_compositions():
    parts = boosting.folds_of(FORMULAS, "row")
    keys = [{canonical_key(FORMULAS[i]) for i in part} for part in parts]
    assert sorted(np.concatenate(parts)) == list(range(len(FORMULAS)))
    assert any(a & b for i, a in enumerate(keys) for b in keys[:i])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: boosting.folds_of(FORMULAS, "crystal"), "allowed are row, formula, elements"),
        (lambda: boosting.folds_of(["NaCl"], "row"), "5 folds of 1 rows"),
        (
            lambda: boosting.fit_predict(np.ones((3, 1)), np.ones(3), np.ones((1, 1)), model="forest"),
            "boosting, ridge",
        ),
        (
            lambda: boosting.fit_predict(np.ones((3, 1)), np.ones(3), np.ones((1, 1)), classify=True),
            "one label",
        ),
        (lambda: boosting.inputs(np.ones((3, 24)), np.ones((3, 100))), r"give \(n, 88\)"),
        (lambda: endpoint("hardness"), "allowed are formation_energy"),
        (lambda: endpoints.target(endpoint("bulk_modulus"), pd.DataFrame({"formula": ["C"]})), "no column"),
        (
            lambda: endpoints.target(
                endpoint("thermal_expansion"), pd.DataFrame({"formula": ["C"], "thermal_expansion": [-1.0]})
            ),
            "no usable value",
        ),
        (
            lambda: properties.compare(endpoint("thermal_expansion"), table()),
            "no rows whose 'split_thermal' is 'test'",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()


# -- models --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["boosting", "ridge"])
def test_a_model_finds_what_is_in_its_inputs(model):
    generator = np.random.default_rng(1)
    x = generator.standard_normal((400, 3))
    y = 3 * x[:, 1]
    found = boosting.cross_validate(x, y, boosting.folds_of(["C"] * 400, "row"), model=model, settings=QUICK)
    lost = boosting.cross_validate(
        x, generator.permutation(y), boosting.folds_of(["C"] * 400, "row"), model=model, settings=QUICK
    )
    assert found.mean("r2") > 0.85 > 0.2 > lost.mean("r2")


def test_only_asked_rounds_are_predicted_and_never_from_their_own_rows():
    y = np.arange(20.0)
    parts = boosting.folds_of(["C"] * 20, "row")
    found = boosting.cross_validate(np.zeros((20, 1)), y, parts, rounds=2, model="mean")
    asked = np.concatenate(parts[:2])
    assert np.isfinite(found.predicted[asked]).all() and np.isnan(found.predicted).sum() == 12
    for part in parts[:2]:
        assert found.predicted[part] == pytest.approx(y[np.setdiff1d(np.arange(20), part)].mean())


# -- endpoints -----------------------------------------------------------------------------------------------------


def test_targets_leave_out_what_has_no_value_or_no_logarithm():
    given = table()
    assert len(endpoints.target(endpoint("bulk_modulus"), given.frame).rows) == len(given) - 1
    expansion = endpoints.target(endpoint("thermal_expansion"), given.frame)
    assert expansion.left_out == 1 and 1 not in expansion.rows
    np.testing.assert_allclose(expansion.y, given.latents[expansion.rows, 0], atol=1e-6)
    gap = endpoints.target(endpoint("insulator"), given.frame)
    np.testing.assert_array_equal(gap.y == 1, given.latents[:, 0] > 0)


def test_own_test_rows_share_no_composition_with_other_parts():
    """Row 8 is row 5 written otherwise: NaS in the training part, Na2S2 called a test row."""
    frame = table().frame
    before = endpoints.own_test_rows(
        endpoint("formation_energy"), endpoints.target(endpoint("formation_energy"), frame), frame
    )
    assert set(before) == set(np.flatnonzero(frame["split"] == "test"))
    frame.loc[8, "split"] = "test"
    wanted = endpoints.target(endpoint("bulk_modulus"), frame)  # of all rows but the first
    rows = wanted.rows[endpoints.own_test_rows(endpoint("bulk_modulus"), wanted, frame)]
    assert canonical_key(FORMULAS[8]) == canonical_key(FORMULAS[5]) and set(rows) == set(before) - {0}
    frame.loc[5, "split"] = "test"
    rows = wanted.rows[endpoints.own_test_rows(endpoint("bulk_modulus"), wanted, frame)]
    assert set(rows) == (set(before) - {0}) | {5, 8}


def test_encoding_reads_pieces_and_keeps_rows_in_order():
    class Patterns:
        frame = pd.DataFrame({"formula": FORMULAS})
        asked: list[int] = []

        def take(self, rows):
            self.asked.append(len(rows))
            return np.repeat(np.asarray(rows, dtype=np.float32)[:, None], 1601, axis=1)

    class Dual:
        def encode(self, compositions, profiles):
            return np.concatenate([fraction_vectors(compositions)[:, :24], profiles[:, :64]], axis=1)

    given, x = Patterns(), fraction_vectors(FORMULAS)
    found = endpoints.encode(Dual(), given, x, at_once=64)
    assert given.asked == [64, 64, 64, 64, 44]
    np.testing.assert_array_equal(found.latents[:, 30], np.arange(len(FORMULAS)))
    np.testing.assert_array_equal(found.latents[:, :24], x[:, :24])
    with pytest.raises(InputError, match="give one a pattern"):
        endpoints.encode(Dual(), given, x[:3])


def test_a_fingerprint_knows_other_latents_and_other_rows():
    given = table()
    nudged = Encoded(given.frame, given.latents + np.float32(1e-6), given.compositions)
    moved = Encoded(given.frame, given.latents + np.float32(0.01), given.compositions)
    turned = Encoded(given.frame.iloc[::-1], given.latents, given.compositions)
    assert given.fingerprint == table().fingerprint
    assert len({given.fingerprint, moved.fingerprint, turned.fingerprint}) == 3
    assert np.abs(np.rint(nudged.latents * 1000) - np.rint(given.latents * 1000)).max() <= 1


# -- the ledger ----------------------------------------------------------------------------------------------------


def no_tables(*_: object, **__: object) -> None:
    raise MissingTableError("not here")


def test_comparison_finds_structure_that_fractions_lack(monkeypatch):
    monkeypatch.setattr("matwidgets.data.datasets.load_property", no_tables)
    one = properties.compare(endpoint("formation_energy"), table(), settings=QUICK, split="formula")
    claims = properties.property_claims([one])
    found = claims["formation_energy_r2"]
    assert found.here > 0.5 > found.control and "ahead of the fractions" in found.why and "±" in found.why
    assert claims["formation_energy_mae"].here < claims["formation_energy_mae"].control
    assert "the mean" in claims["formation_energy_mae"].why and "crabnet" not in found.why
    assert claims["jarvis"].here is None and claims["jarvis"].control is None
    frame = properties.frame([one])
    assert set(frame["inputs"]) == {LATENTS, FRACTIONS, properties.RIDGE, properties.MEAN}
    assert frame.set_index("inputs").loc[LATENTS, "r2"] == pytest.approx(found.here)


def test_live_asks_only_the_rows_of_the_own_split_and_the_networks_too(monkeypatch):
    monkeypatch.setattr("matwidgets.data.datasets.load_property", no_tables)
    monkeypatch.setattr(properties, "ENDPOINTS", (endpoint("bulk_modulus"), endpoint("insulator")))
    given = table()

    class Dual:
        def predict(self, z):
            return pd.DataFrame(
                {"bulk_modulus": 100 + 50 * z[:, 0], "insulator": (z[:, 0] > 0).astype(float)}
            )

    found = properties.live({"aflow": given, "mp": given}, Dual())
    test = set(np.flatnonzero(given.frame["split"] == "test"))
    for one, expected in zip(found, (test - {0}, test), strict=True):  # row 0 has no bulk modulus
        for judged in one.judged.values():
            asked = np.flatnonzero(np.isfinite(judged.predicted))
            assert {int(one.target.rows[i]) for i in asked} == expected
    assert (
        found[0].judged[properties.NETWORKS].mean("mae") < 1e-4
        and found[1].judged[properties.NETWORKS].mean("auc") == 1
    )
    assert "the shipped networks 1.000" in properties.property_claims(found)["insulator_auc"].why


def test_networks_are_judged_on_logarithms_where_the_endpoint_is_one(monkeypatch):
    monkeypatch.setattr("matwidgets.data.datasets.load_property", no_tables)
    given = table()
    given.frame["split_thermal"] = given.frame["split"]
    told = given.frame["thermal_expansion"].to_numpy() * np.e
    one = properties.compare(endpoint("thermal_expansion"), given, settings=QUICK, told=told)
    assert one.judged[properties.NETWORKS].mean("mae") == pytest.approx(1.0)


def test_the_composition_model_is_asked_only_about_what_it_never_saw(monkeypatch):
    published = pd.DataFrame(
        {"formula": ["NaO", "K2O", "LiF", "CaS"], "split": ["train", "val", "test", "test"]}
    )
    monkeypatch.setattr("matwidgets.data.datasets.load_property", lambda name: published)
    wanted = endpoints.target(endpoint("bulk_modulus"), table().frame.assign(bulk_modulus=1.0))
    names = ["Na1O1", "Na2O2", "K2O1", "Li1F1", "Ca2S2", "Zn1Cl2"]
    among = np.array([wanted.formulas.index(name) for name in names])
    found = endpoints.composition_model(endpoint("bulk_modulus"), wanted, among)
    assert [wanted.formulas[row] for row in found.rows] == ["Li1F1", "Ca2S2", "Zn1Cl2"]
    assert found.published == 2 and found.predicted.shape == (3,)
    none = endpoints.composition_model(endpoint("bulk_modulus"), wanted, among[:3])
    assert len(none.rows) == 0


def test_spread_that_the_papers_numbers_mean():
    # shear modulus: R² .81 leaves .19 of the variance, RMSE 31.1 GPa
    assert properties.implied_spread(endpoint("shear_modulus")) == pytest.approx(31.1 / 0.19**0.5)


def test_every_endpoint_has_the_measures_of_its_kind():
    for one in endpoints.ENDPOINTS:
        measures = {"auc", "accuracy", "f1"} if one.classify else {"r2", "mae", "rmse"}
        assert set(one.published) == measures
    assert isinstance(endpoints.ENDPOINTS[0], Endpoint)


def test_figures_get_held_out_rows(monkeypatch):
    monkeypatch.setattr("matwidgets.data.datasets.load_property", no_tables)
    given = table()
    found = [
        properties.compare(endpoint(word), given, settings=QUICK) for word in ("bulk_modulus", "insulator")
    ]
    panels, units, notes = properties.parity_panels(found)
    assert list(panels) == ["bulk modulus"] and units == ["GPa"] and notes[0].startswith("R² ")
    asked = len(found[1].judged[LATENTS].folds[0])
    assert np.isfinite(panels["bulk modulus"][1]).sum() == len(found[0].judged[LATENTS].folds[0])
    counts = properties.confusion_counts(found[1])
    assert counts.sum() == asked and counts.trace() / asked == found[1].judged[LATENTS].mean("accuracy")
    assert counts[1].sum() == found[1].target.y[found[1].judged[LATENTS].folds[0]].sum()
    curves = properties.roc_curves(found[1])
    assert properties.CRABNET not in curves and {len(y) for y, _ in curves.values()} == {asked}
    rows, published = properties.by_inputs(found, "auc")
    assert published == {"band gap above 0 eV": 0.93} and set(rows["band gap above 0 eV"]) == set(curves)
