"""The list of well-known superconductors: readable, plausible, and its families those of the rule."""

from __future__ import annotations

from matwidgets.data.superconductors import FAMILIES, known_superconductors
from matwidgets.features.composition import canonical_key
from matwidgets.features.formula import parse_formula
from matwidgets.features.occupancy import INDEX
from matwidgets.papers.wgan_families import family


def test_every_entry_is_a_formula_with_a_temperature_and_a_source():
    frame = known_superconductors()
    assert frame["formula"].map(canonical_key).is_unique
    assert all(parse_formula(formula).keys() <= INDEX.keys() for formula in frame["formula"])
    assert frame["critical_temperature"].between(0.1, 140).all()  # at ambient pressure none is higher
    assert frame["source"].str.contains(r"\((?:19|20)\d\d\)").all()
    assert frame.attrs["unit"] == "K" and frame.attrs["sources"][0]["rows"] == len(frame)


def test_families_are_those_of_the_rule():
    frame = known_superconductors()
    assert set(frame["family"]) == set(FAMILIES) and frame["family"].value_counts().min() >= 15
    assert [family(formula) for formula in frame["formula"]] == frame["family"].tolist()


def test_landmarks():
    known = known_superconductors().set_index("formula")["critical_temperature"]
    assert known["YBa2Cu3O7"] > 77 > known["MgB2"] > known["Nb3Ge"] > known["Pb"]  # liquid nitrogen
    assert known.idxmax() == "HgBa2Ca2Cu3O8"
