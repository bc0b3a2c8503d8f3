"""The recorded trainings behind Table 2 of the disentangled VAE, and what the claims say of them."""

from __future__ import annotations

import pytest

from matwidgets.papers import disentangled_vae_budgets as budgets
from matwidgets.papers import disentangled_vae_labels as labels
from matwidgets.papers import paper


def test_the_record_has_both_lines_of_table_2_and_is_what_the_claims_say():
    found = budgets.recorded()
    each = {(b.method, b.labelled) for b in found}
    for number in (247, 864):
        assert {(m, number) for m in (labels.WITH, labels.WITHOUT, labels.AGAIN)} <= each
    assert {b.epochs for b in found} == {budgets.EPOCHS}
    frame = labels.paired(found).set_index("labelled")
    claims = {claim.id: claim for claim in paper("disentangled_vae").claims}
    for name, number in (("few", 247), ("many", 864)):
        for claim, column in ((f"labels_{name}", "first"), (f"gain_{name}", "gain")):
            recorded = claims[claim].recorded
            assert recorded is not None and recorded["value"] == pytest.approx(
                frame.loc[number, column], abs=6e-4
            )
        assert claims[f"gain_{name}"].tolerance == pytest.approx(2 * frame.loc[number, "gain_std"], abs=6e-4)


def test_the_record_tells_no_gain_from_none_with_ten_seeds_and_six_numbers_of_labels():
    """What changelog and notebook say of it."""
    frame = labels.told_apart(budgets.recorded())
    assert frame["labelled"].tolist() == [61, 123, 247, 432, 617, 864]
    assert (frame["seeds"] == 10).all() and set(frame["verdict"]) == {"no difference"}
