"""From formulas to a short list: energies above the hull and funnels by hand, and the same funnel in the gallery."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matwidgets.errors import InputError
from matwidgets.features.hull import Phases
from matwidgets.papers import wgan
from matwidgets.papers.wgan_samples import GAN, SUBSTITUTED, UNLEARNED
from matwidgets.papers.wgan_screening import ABOVE, ENERGY, STAGES, discovery, funnels, screen, screens
from tests.tiny_wgan import tiny_gan

ENERGIES = {"Na2S": -1.0, "NaS": -0.75, "NaCl": -2.1, "NaFe": 0.5, "Ca2S": -0.1, "CaS": -2.0, "KI": -0.9}
PHASES = Phases(["Na2S", "NaS", "NaCl", "CaS"], [-1.2, -0.8, -2.0, -2.4], source="four salts")
ASKED = ["Na2S", "NaCl", "NaFe", "Ca2S", "NaCl", "CaS", "KI"]


class Known:
    """A predictor of the values above, far from what it knows for CaS; it lacks iodine."""

    elements = ("Na", "S", "Cl", "Fe", "Ca", "K")

    def __init__(self):
        self.asked = []

    def predict(self, formulas):
        self.asked += formulas
        return pd.DataFrame(
            {
                "formula": formulas,
                "value": [ENERGIES[f] for f in formulas],
                "std": 0.1,
                "in_domain": [f != "CaS" for f in formulas],
            }
        )


@pytest.fixture(autouse=True)
def no_tables(monkeypatch, tmp_path):
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")


def found(**options):
    known = Known()
    return screen(ASKED, PHASES, load=lambda name: known, **options), known


def test_energies_above_the_hull_by_hand():
    frame = found()[0].frame.set_index("formula")
    # Na2S without its own entry: NaS (2 of 3 atoms) with sodium; NaCl: the elements at zero.
    assert frame.loc["Na2S", ABOVE] == pytest.approx(-1.0 + 0.8 * 2 / 3)
    assert frame.loc["Na2S", "products"] == "NaS + Na"
    assert frame[ABOVE]["NaCl"].iloc[0] == pytest.approx(-2.1)
    assert frame.loc["Ca2S", ABOVE] == pytest.approx(-0.1 + 2.4 * 2 / 3)
    assert np.isnan(frame.loc["NaFe", ABOVE])  # iron is in no phase
    assert np.isnan(frame.loc["KI", ENERGY]) and not frame.loc["KI", "in domain"]


def test_the_funnel_by_hand_and_the_thrifty_one_is_the_same():
    full, _ = found()
    wanted = {"drawn": 7, "unique": 6, "novel": 6, "neutral": 4, "balanced": 4, "in domain": 2, ABOVE: 2}
    assert full.funnel() == wanted  # Ca2S and NaFe are charged, CaS is far, KI unknown to the network
    assert full.short_list()["formula"].tolist() == ["NaCl", "Na2S"]
    thrifty, known = found(thrifty=True)
    assert thrifty.funnel() == wanted
    assert known.asked == ["Na2S", "NaCl", "CaS"] and "band gap" not in thrifty.frame


def test_the_gallery_counts_the_same():
    from matwidgets.widgets import GeneratorGallery

    full, _ = found()
    gallery = GeneratorGallery(full.frame, full.filters(), units=full.units)
    assert len(gallery.survivors) == full.funnel()[ABOVE]
    assert set(gallery.order) == set(STAGES)


def test_everything_with_the_shipped_networks_and_without_tables():
    screened = screens(tiny_gan(), wgan.formulas(0), n=30)
    assert set(screened) == {GAN, SUBSTITUTED, UNLEARNED}
    counts = funnels(screened)
    assert counts.index.tolist() == ["drawn", *STAGES] and (counts.diff().dropna() <= 0).all().all()
    assert screened[GAN].frame["novel"].isna().all() and screened[GAN].phases.startswith("handbook")
    assert screened[GAN].frame["band gap"].notna().all()
    claim = discovery({name: [each.funnel()] for name, each in screened.items()})["discovery"]
    assert claim.here == 1000 * counts[GAN].iloc[-1] / 30


def test_more_than_one_funnel_is_pooled():
    some = {"drawn": 100, STAGES[-1]: 4}
    claim = discovery({GAN: [some, some], UNLEARNED: [some], SUBSTITUTED: [{"drawn": 50, STAGES[-1]: 1}]})[
        "discovery"
    ]
    assert (claim.here, claim.control) == (40, 40)
    assert "40.0 +- 14.1, without learning 40.0 +- 20.0, by ion substitution 20.0 +- 20.0" in claim.why


def test_nothing_to_screen():
    with pytest.raises(InputError, match="at least one"):
        screen([], PHASES)
