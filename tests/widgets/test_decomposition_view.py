"""DecompositionView: what it says of a balance, where it walks, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.widgets import CompositionPanel, DecompositionView, LatentExplorer, link
from matwidgets.widgets._balance import checked_balance, closing, energy_text, ratio, subscripts
from matwidgets.widgets._balance_picture import dip
from matwidgets.widgets.base import SNAPSHOT_LIMIT

FRACTIONS = {
    "MgAl2O4": {"Mg": 1 / 7, "Al": 2 / 7, "O": 4 / 7},
    "MgO": {"Mg": 0.5, "O": 0.5},
    "Al2O3": {"Al": 0.4, "O": 0.6},
    "Mg": {"Mg": 1.0},
    "O2": {"O": 1.0},
    "Al": {"Al": 1.0},
    "NaCl": {"Na": 0.5, "Cl": 0.5},
    "Na": {"Na": 1.0},
    "Cl2": {"Cl": 1.0},
}
ENERGIES = {"MgAl2O4": -3.4, "MgO": -3.0, "Al2O3": -3.5, "NaCl": -2.0}  # eV/atom, made up
PRODUCTS = {
    "MgAl2O4": {"Al2O3": 5 / 7, "MgO": 2 / 7},
    "MgO": {"Mg": 0.5, "O2": 0.5},
    "Al2O3": {"O2": 0.6, "Al": 0.4},
    "NaCl": {"Na": 0.5, "Cl2": 0.5},
    "Mg": {"Mg": 1.0},
    "O2": {"O2": 1.0},
}


def decompose(composition: str | Mapping[str, float]) -> dict[str, Any]:
    """A hull of a few oxides; a mapping is one of its compounds, or a mixture of magnesia and alumina."""
    if isinstance(composition, str):
        if composition not in PRODUCTS:
            raise InputError(f"No phases for {composition}: this hull knows {', '.join(PRODUCTS)}")
        name, own = composition, FRACTIONS[composition]
        parts = PRODUCTS[composition]
    else:
        total = sum(composition.values())
        own = {symbol: x / total for symbol, x in composition.items()}
        name = " ".join(f"{symbol}{x:.3f}" for symbol, x in own.items())
        parts = {"MgO": 2 * own.get("Mg", 0.0), "Al2O3": own.get("Al", 0.0) / 0.4}
        parts = {formula: amount for formula, amount in parts.items() if amount > 0}
    products: list[dict[str, Any]] = [
        {"formula": f, "fractions": FRACTIONS[f], "amount": a, "energy": ENERGIES.get(f, 0.0)}
        for f, a in parts.items()
    ]
    return {
        "formula": name,
        "fractions": own,
        "energy": ENERGIES.get(name, 0.0 if len(own) == 1 else None),
        "mixture_energy": sum(p["amount"] * p["energy"] for p in products),
        "source": "a few oxides",
        "products": products,
    }


def shifted(name: str, by: float) -> dict[str, Any]:
    """A balance whose compound lies so far above its products."""
    found = decompose(name)
    return found | {"energy": found["mixture_energy"] + by}


def test_balance_has_weights_as_fractions_and_closes() -> None:
    view = DecompositionView("MgAl2O4", decompose)
    parts = view.record["products"]
    assert [(p["formula"], p["shown"], p["ratio"]) for p in parts] == [
        ("Al2O3", "Al₂O₃", "5/7"),
        ("MgO", "MgO", "2/7"),
    ]
    assert view.record["closing"]["closed"]
    assert view.elements == ["Mg", "Al", "O"]
    assert view.fractions == pytest.approx([1 / 7, 2 / 7, 4 / 7])
    assert view.formula == "MgAl2O4"
    # -3.4 against 5/7 * -3.5 + 2/7 * -3.0
    assert view.record["mixture_energy"] == pytest.approx(-23.5 / 7)
    assert "Stable: 0.043 eV/atom below the other phases" in repr(view)


@pytest.mark.parametrize(
    ("by", "kind", "text"),
    [
        (-0.034, "stable", "Stable: 0.034 eV/atom below the other phases"),
        (0.042, "above", "Above the hull by 0.042 eV/atom: decomposes into Al₂O₃ and MgO"),
        (0.0048, "above", "Above the hull by 0.0048 eV/atom: decomposes into Al₂O₃ and MgO"),
        (1e-8, "level", "On the hull: level with the other phases together"),
    ],
)
def test_verdict(by: float, kind: str, text: str) -> None:
    record = checked_balance(shifted("MgAl2O4", by))
    assert record["verdict"] == {"kind": kind, "text": text}


def test_verdict_without_an_own_energy_and_of_an_element() -> None:
    unknown = checked_balance(decompose("MgAl2O4") | {"energy": None})
    assert unknown["verdict"] == {
        "kind": "unknown",
        "text": "Energy of MgAl₂O₄ not known: the other phases together lie at −3.357 eV/atom",
    }
    assert dip(unknown) == 0
    assert "stroke-dasharray" in DecompositionView(unknown).static_svg()
    assert "stroke-dasharray" not in DecompositionView(decompose("MgO")).static_svg()
    assert checked_balance(decompose("Mg"))["verdict"]["kind"] == "reference"


def test_higher_energy_stands_higher_on_the_scale() -> None:
    dips = [dip(checked_balance(shifted("MgAl2O4", by))) for by in (-1.0, -0.05, 0.0, 0.05, 1.0)]
    assert dips == sorted(dips)
    assert dips[2] == pytest.approx(0)
    assert dips[3] == pytest.approx(-dips[1])


def test_a_balance_that_does_not_close_is_told() -> None:
    wrong = decompose("MgAl2O4")
    wrong["products"][0]["amount"] -= 0.02  # 0.8 at.% Al and 1.2 at.% O are missing
    record = checked_balance(wrong)
    assert record["closing"] == {
        "closed": False,
        "text": "The sides do not balance: O differs by 1.2 at.%.",
    }
    slightly = decompose("MgAl2O4")
    slightly["products"][0]["amount"] += 5e-7
    assert closing(slightly)["text"].endswith("element by element, to 10⁻⁶ of the atoms.")


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("Ga(MoS2)4", "Ga(MoS₂)₄"),
        ("CuSO4·5H2O", "CuSO₄·5H₂O"),
        ("Ti0.5 C0.5", "Ti₀.₅ C₀.₅"),
        ("Fe", "Fe"),
    ],
)
def test_subscripts(formula: str, shown: str) -> None:
    assert subscripts(formula) == shown


def test_numbers_as_people_write_them() -> None:
    assert ratio(498 / 559) == "498/559"
    assert ratio(round(498 / 559, 12)) == "498/559"
    assert ratio(1.0) == ""
    assert ratio(0.1234567891234) == ""
    assert [energy_text(x) for x in (-1.2142, 0.0048, -0.00036, 0.0)] == ["−1.214", "0.0048", "−0.0004", "0"]


def test_walking_keeps_the_way_and_the_colours_of_the_system() -> None:
    view = DecompositionView("MgAl2O4", decompose)
    view.walk("MgO")
    assert [record["formula"] for record in view.trail] == ["MgAl2O4", "MgO"]
    assert view.elements == ["Mg", "Al", "O"]
    assert view.fractions == [0.5, 0.0, 0.5]
    view.at = 0
    assert view.fractions == pytest.approx([1 / 7, 2 / 7, 4 / 7])
    view.walk("NaCl")
    assert [record["formula"] for record in view.trail] == ["MgAl2O4", "NaCl"]
    assert view.elements == ["Na", "Cl"]
    view.walk("NaCl")
    assert view.at == 1


def test_a_long_way_stays_small() -> None:
    rng = np.random.default_rng(0)
    view = DecompositionView("MgAl2O4", decompose, latent=lambda x: rng.normal(size=(len(x), 200)))
    for name in ["MgO", "Al2O3", "MgAl2O4"] * 12:
        view.walk(name)
    bundle = view._repr_mimebundle_()
    assert bundle is not None
    assert len(json.dumps(bundle[0]["application/vnd.matwidgets.decomposition_view+json"])) < SNAPSHOT_LIMIT
    assert view.formula == "MgAl2O4"
    assert 2 <= len(view.trail) <= 12


def ask(view: DecompositionView, text: str) -> dict[str, Any]:
    sent: list[dict[str, Any]] = []
    view.send = lambda message, buffers=None: sent.append(message)
    view._receive(
        view, {"type": "request", "kind": "decompose", "id": "1", "view": "a", "n": 1, "data": text}
    )
    return sent[-1]


def test_the_page_asks_for_a_formula() -> None:
    view = DecompositionView("MgAl2O4", decompose)
    assert ask(view, " MgO ")["type"] == "reply"
    assert view.formula == "MgO"
    for text, words in (("XeF9", "No phases for XeF9"), ("", "No formula: type one")):
        answer = ask(view, text)
        assert answer["type"] == "error"
        assert answer["text"].startswith(words)
        assert "\n" not in answer["text"]
    assert view.formula == "MgO"


def test_the_page_goes_back() -> None:
    view = DecompositionView("MgAl2O4", decompose)
    view.walk("MgO")
    view.set_state({"at": 0, "elements": ["Mg", "Al", "O"], "fractions": [1 / 7, 2 / 7, 4 / 7]})
    assert view.formula == "MgAl2O4"
    assert len(view.trail) == 2
    view.set_state({"at": 7})
    assert view.at == 0
    assert view.error == "Place 7 of a way with 2: give 0 to 1"


def test_latent_side_is_the_weighted_sum() -> None:
    directions = {"Mg": [1.0, 0.0], "Al": [0.0, 2.0], "O": [1.0, 1.0]}

    def linear(compositions: list[dict[str, float]]) -> Any:
        return np.array([sum(x * np.array(directions[s]) for s, x in c.items()) for c in compositions])

    view = DecompositionView("MgAl2O4", decompose, latent=linear, spread=2.0)
    latent = view.record["latent"]
    assert latent["mean"] == pytest.approx([5 / 7, 8 / 7], rel=1e-5)
    # a linear map keeps the balance
    assert latent["mixture"] == pytest.approx(latent["mean"], rel=1e-5)
    assert latent["cosine"] == pytest.approx(1)
    assert latent["distance"] == pytest.approx(0, abs=1e-12)
    # magnesia alone is at (1, 1/2): (2/7, -9/14) away
    assert latent["parts"][1]["distance"] == pytest.approx(np.hypot(2 / 7, 9 / 14) / 2)
    assert latent["parts"][1]["cosine"] == pytest.approx(
        (5 + 4) / 7 / np.hypot(5 / 7, 8 / 7) / np.hypot(1, 0.5)
    )
    bent = DecompositionView("MgAl2O4", decompose, latent=lambda x: linear(x) ** 2)
    assert bent.record["latent"]["relative_to"] == "length"
    mean, mixture = (np.array(bent.record["latent"][name]) for name in ("mean", "mixture"))
    expected = np.linalg.norm(mean - mixture) / np.linalg.norm(mean)
    assert bent.record["latent"]["distance"] == pytest.approx(expected, rel=1e-4)
    assert bent.record["latent"]["distance"] > 0.1
    assert f"distance {expected:.3f} of the compound&#x27;s" in bent.static_svg()


@pytest.mark.parametrize(
    ("latent", "words"),
    [
        (
            lambda x: np.zeros((1, 3)),
            "The view's latent returned an array of shape (1, 3) for 3 compositions",
        ),
        (lambda x: np.full((len(x), 2), np.nan), "The view's latent returned an array"),
        (lambda x: np.zeros((len(x), 1000)), "The latent space has 1000 dimensions"),
        (lambda x: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_failing_latent_leaves_the_balance_and_says_why(latent: Any, words: str) -> None:
    view = DecompositionView("MgAl2O4", decompose, latent=latent)
    assert view.record["latent"] is None
    assert view.record["latent_problem"].startswith(words)
    assert view.record["closing"]["closed"]


def test_a_vector_without_length_has_no_cosine() -> None:
    view = DecompositionView("MgAl2O4", decompose, latent=lambda x: np.zeros((len(x), 2)))
    assert view.record["latent"]["cosine"] is None
    assert view.record["latent"]["distance"] is None


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (("MgO",), {}, "This view decomposes nothing: give it a callable"),
        (("NaCl", decompose), {"elements": ["Mg", "O"]}, "NaCl holds Na, Cl, the view stays in Mg O"),
        (("MgO", decompose), {"elements": ["Mg", "Mg"]}, "A decomposition view got Mg twice"),
        (("MgO", decompose), {"spread": 0.0}, "The spread of a decomposition view is 0.0"),
        (("MgO", decompose), {"shows": "energy"}, "A decomposition view cannot show 'energy'"),
        (("hello", decompose), {}, "No phases for hello"),
    ],
)
def test_wrong_input_is_one_line(arguments: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as raised:
        DecompositionView(*arguments, **options)
    assert str(raised.value).startswith(words)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "found",
    [
        None,
        {"formula": "MgO", "products": []},
        decompose("MgO") | {"fractions": {}},
        {key: value for key, value in decompose("MgO").items() if key != "mixture_energy"},
        decompose("MgO") | {"mixture_energy": float("nan")},
        decompose("MgO")
        | {"products": [{"formula": "MgO", "fractions": FRACTIONS["MgO"], "amount": -1.0, "energy": 0.0}]},
    ],
)
def test_a_decompose_that_answers_nonsense_is_told(found: Any) -> None:
    with pytest.raises(MatwidgetsError, match="The view's decompose returned"):
        DecompositionView("MgO", lambda _: found)


def test_a_finished_decomposition_is_shown_without_a_box() -> None:
    view = DecompositionView(decompose("MgAl2O4"))
    assert not view.decomposes
    assert view.formula == "MgAl2O4"
    with pytest.raises(InputError, match="This view decomposes nothing"):
        view.walk("MgO")


def test_linked_with_a_panel_of_its_elements() -> None:
    view = DecompositionView("MgAl2O4", decompose, elements=["Mg", "Al", "O"])
    panel = CompositionPanel(
        ["Mg", "Al", "O"], lambda x: {"value": x[:, 0], "std": x[:, 0], "in_domain": x[:, 0] > 0}
    )
    linked = link(view, panel)
    assert linked.topics == ["fractions"]
    assert panel.fractions == pytest.approx(view.fractions)
    # half magnesia, half alumina by atoms; in a page the link itself does this
    view.set_state({"fractions": [0.25, 0.2, 0.55]})
    assert [p["amount"] for p in view.record["products"]] == pytest.approx([0.5, 0.5])
    assert view.error == ""
    linked.unlink()
    with pytest.raises(InputError, match="nothing in common"):
        link(DecompositionView("MgAl2O4", decompose), panel)


def test_linked_with_a_latent_space_shows_the_compound_in_it() -> None:
    symbols = ["Mg", "Al", "O"]
    view = DecompositionView("MgAl2O4", decompose, elements=symbols)
    explorer = LatentExplorer(
        np.random.default_rng(0).uniform(0, 1, (50, 2)),
        decode=lambda vectors: [{"formula": "?", "fractions": {"Mg": x, "O": 1 - x}} for x, _ in vectors],
        elements=symbols,
        encode=lambda x: x[:, :2],
    )
    assert link(view, explorer).topics == ["fractions"]
    assert explorer.cursor == pytest.approx([1 / 7, 2 / 7])


def test_a_linked_composition_that_cannot_be_decomposed_is_told() -> None:
    def strict(composition: Any) -> Any:
        if not isinstance(composition, str):
            raise InputError("Only formulas here")
        return decompose(composition)

    view = DecompositionView("MgO", strict, elements=["Mg", "O"])
    view.set_state({"fractions": [0.3, 0.7]})
    assert view.error == "Only formulas here"
    assert view.formula == "MgO"


def test_picture_holds_both_sides() -> None:
    view = DecompositionView(shifted("MgAl2O4", 0.042))
    picture = view.static_svg()
    for words in ("MgAl₂O₄", "2 phases together", "71.43 % = 5/7", "28.57 % = 2/7", "−3.357 eV/atom"):
        assert words in picture
    assert "Above the hull by 0.042 eV/atom" in picture
    assert "a few oxides" in picture
    named = DecompositionView(decompose("MgO") | {"shown": "<b>MgO</b>"}).static_svg()
    assert "<b>" not in named
