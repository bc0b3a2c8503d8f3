"""A decomposition at the end of a cell: the balance of the real hull, walked down, with and without its energies."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import matwidgets as mw
from matwidgets import show
from matwidgets.errors import InputError
from matwidgets.features.hull import Phases


def test_a_decomposition_is_a_balance_that_can_be_walked_down() -> None:
    from IPython.core.formatters import DisplayFormatter

    from matwidgets.decompositions import handbook_phases

    phases = handbook_phases()
    view = show.decomposition("MgAl2O4", phases=phases)
    found = mw.decompose("MgAl2O4", phases=phases)
    assert [p["amount"] for p in view.record["products"]] == [p.amount for p in found.products]
    assert view.record["energy"] == found.energy
    assert view.record["source"] == phases.source
    view.walk("MgO")
    assert view.formula == "MgO"
    view.walk({"Mg": 0.5, "O": 0.5})
    with pytest.raises(InputError, match="cannot be decomposed"):
        view.walk("XeF2")
    assert show.decomposition(found, phases=phases).decomposes
    # its energies are not at hand
    assert not show.decomposition(mw.decompose("MgAl2O4", phases=phases), phases=_two_oxides()).decomposes
    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    mw.load_ipython_extension(shell)
    data, _ = shell.display_formatter.format(found)
    assert (
        data["application/vnd.matwidgets.decomposition_view+json"]["state"]["trail"][0]["formula"]
        == "MgAl2O4"
    )


def _two_oxides() -> Phases:
    return Phases(["MgO", "Al2O3"], [-3.1, -3.4], source="two oxides")


def test_a_decomposition_in_the_latent_space_of_a_callable() -> None:
    phases = _two_oxides()
    view = show.decomposition(
        "MgAl2O4", phases=phases, encoder=lambda x: [[c["O"], c.get("Mg", 0.0)] for c in x]
    )
    latent = view.record["latent"]
    # linear in the fractions: the balance is kept
    assert latent["mean"] == pytest.approx([4 / 7, 1 / 7], rel=1e-5)
    assert latent["distance"] == pytest.approx(0, abs=1e-9)
