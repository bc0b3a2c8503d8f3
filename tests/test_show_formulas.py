"""The door to wgan's widgets: live samples in a gallery and in the plane of C, elements of T on the table."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import matwidgets as mw
from matwidgets import show
from matwidgets.adversarial_models import FormulaGAN
from matwidgets.element_vectors import RandomVectors
from matwidgets.errors import InputError
from matwidgets.features.composition import pretty_formula
from matwidgets.features.element_similarity import principal, similar
from matwidgets.features.occupancy import require_counts
from matwidgets.samplers import describe
from matwidgets.show_formulas import KNOWN, NUMBER, SCORE
from tests.tiny_wgan import tiny_gan

KNOWN_FORMULAS = ["NaCl", "MgO", "TiO2", "LiF", "CaF2"]


@pytest.fixture(scope="module")
def model() -> FormulaGAN:
    return tiny_gan()


@pytest.fixture
def no_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")


def test_live_samples_in_a_gallery(model, no_tables):
    gallery = show.gallery(model, n=40, seed=2)
    formulas = model.sample(40, seed=2).formulas
    assert gallery.n == 40 and gallery.label == "40 formulas drawn from wgan"
    assert gallery.order == ["neutral", "balanced", "unique", "novel", "elements", "score"]
    assert "novel" not in gallery.kept  # nothing says what is known
    expected = describe(formulas)
    assert gallery.stages[1]["count"] == expected["neutral"].sum()
    gallery.kept = []
    scores = model.score(formulas)
    best = np.argsort(-scores.astype(np.float32), kind="stable")
    assert gallery.surviving_names() == [formulas[i] for i in best]
    gallery.kept, gallery.ranges = ["elements"], {"elements": [2, 2]}
    assert len(gallery.survivors) == (np.count_nonzero(require_counts(formulas), axis=1) == 2).sum()


def test_the_same_samples_in_the_plane_of_c_share_what_is_chosen(model, no_tables):
    gallery, explorer = show.gallery(model, n=30), show.latent(model, (), n=30)
    assert explorer.label == "representation by wgan of 30 drawn formulas"
    assert explorer.channels == [NUMBER, SCORE, "charge"]
    linked = mw.link(gallery, explorer)
    assert linked.topics == ["selection"]
    gallery.choose([3, 7, 20])
    explorer.select(gallery.chosen)  # as the page does
    assert explorer.selected_names() == gallery.chosen_names()
    with pytest.raises(InputError, match="have 30 and 35 rows"):
        mw.link(gallery, show.latent(model, KNOWN_FORMULAS, n=30))


def test_points_decode_to_themselves_and_places_by_least_squares(model, no_tables):
    # T of 16 numbers an element cannot be led back; with 100 it can.
    wide = tiny_gan(width=100)
    explorer = show.latent(wide, KNOWN_FORMULAS, n=30, elements=["Ti"], colour="Ti content")
    assert explorer.n == 35 and explorer.label.endswith("of 30 drawn formulas beside 5 materials")
    assert explorer.channels == ["source", NUMBER, SCORE, "charge", "Ti content"]
    names = [*wide.sample(30).formulas, *KNOWN_FORMULAS]
    for row in (0, 11, 32):
        explorer.go_to(row)
        assert explorer.decoded["formula"] == pretty_formula(names[row], subscripts=True)
    assert explorer.decoded["known"] and explorer.decoded["far"][0] == "the same"
    explorer.go_to_name("Ti2O3")
    assert explorer.point == -1 and explorer.decoded["formula"] == "Ti\u2082O\u2083"
    assert explorer.decoded["nearest"][0] == "TiO\u2082" and not explorer.decoded["known"]
    explorer.go_to_name("TiO2")
    assert explorer.point == 32
    explorer.go_to_latent(np.zeros(100))
    assert explorer.decoded["formula"] == "nothing"
    assert explorer._channels.values("source").tolist() == ["generated"] * 30 + ["known"] * 5
    assert explorer._channels.values("Ti content")[32] == pytest.approx(100 / 3)
    np.testing.assert_allclose(explorer._channels.values(SCORE), wide.score(names))


def test_known_compounds_beside_the_samples(model, no_tables):
    explorer = show.latent(model, n=20)
    assert "of the handbook" in explorer.label and 20 + 100 < explorer.n <= 20 + KNOWN
    assert show.latent(model, n=20).selected_names() == []


@pytest.mark.data
def test_known_compounds_are_oqmd_s_where_the_table_is(model):
    explorer = show.latent(model, n=20)
    assert explorer.n == 20 + KNOWN and explorer.label.endswith("1,000 of 341,608 compounds of OQMD")


def test_elements_are_coloured_by_what_is_chosen(model, no_tables):
    table = show.elements(model)
    assert table.values == principal(model.embedding)[0] and table.label.startswith(
        "first principal component of T of"
    )
    table.set_state({"selected": ["Fe"]})  # as the page does
    assert table.values == similar(model.embedding, "Fe") and "Fe" not in table.values
    assert table.label == "likeness to Fe in T of wgan" and table.error == ""
    table.set_state({"selected": []})
    assert table.values == principal(model.embedding)[0]
    first = show.elements(model, like="O")
    assert first.selected == ["O"] and first.values == similar(model.embedding, "O")
    assert "Likeness to O" in first.static_svg()
    gallery = show.gallery(model, n=30)
    assert mw.link(first, gallery).topics == ["elements"]
    assert gallery.elements == ["O"]


def test_elements_of_other_vectors():
    random = RandomVectors(seed=1).fit(["TiC"])
    assert show.elements(random, like="Fe").values == similar(random.vectors_, "Fe")
    assert show.elements(random).label.startswith("first principal component of Random")
    assert show.elements(np.eye(85), like="Fe").label == "likeness to Fe in given vectors"
    assert show.elements(np.eye(85), "Fe", called="one-hot").label == "likeness to Fe in one-hot"


def test_what_is_refused(model):
    with pytest.raises(InputError, match="outside the 85 elements of wgan"):
        show.elements(model, like="Kr")
    with pytest.raises(InputError, match=r"shape \(3, 2\): give finite numbers of shape \(85, d\)"):
        show.elements(np.ones((3, 2)))
    with pytest.raises(InputError, match="latent got the unknown option measured: allowed are n, method"):
        show.latent(model, (), measured={})
    with pytest.raises(InputError, match="1 of 33 formulas have no 85 x 8 matrix"):
        show.latent(model, ["NaCl", "MgO", "TiC9"], n=30)
    with pytest.raises(InputError, match="Kr.*is outside the 85 elements of wgan: give one such as Ti"):
        show.latent(model, (), n=30, elements=["Kr"])


def test_the_end_of_a_cell(model, no_tables):
    from IPython.core.formatters import DisplayFormatter

    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    mw.load_ipython_extension(shell)
    data, _ = shell.display_formatter.format(model)
    assert data["text/plain"].startswith("GeneratorGallery(200 generated; ") and "<img" in data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in data
