"""CompositionPanel: what is committed is predicted, what is only tried is answered, what is wrong is said."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.widgets import CompositionPanel
from matwidgets.widgets._bounds import inside
from matwidgets.widgets.base import SNAPSHOT_LIMIT

ELEMENTS = ["Ti", "Cd", "C"]


def predict(x: np.ndarray) -> dict[str, np.ndarray]:
    """A smooth property: 100 for pure titanium, 200 for pure carbon; cadmium makes it uncertain."""
    return {"value": 100 * x[:, 0] + 200 * x[:, -1], "std": 2 + 10 * x[:, 1], "in_domain": x[:, 1] < 0.5}


def panel(**options: Any) -> CompositionPanel:
    given = {"property": "bulk_modulus", "label": "bulk modulus", "unit": "GPa", **options}
    return CompositionPanel(given.pop("elements", ELEMENTS), given.pop("predict", predict), **given)


def ask(widget: CompositionPanel, kind: str, data: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: messages.append(content))
    widget._handle_custom_msg(
        {"type": "request", "kind": kind, "id": "v:1", "view": "v", "n": 1, "data": data}, []
    )
    assert len(messages) == 1
    return messages[0]


def test_starts_with_equal_parts_and_their_prediction() -> None:
    widget = panel()
    assert widget.fractions == pytest.approx([1 / 3] * 3)
    assert (widget.value, widget.std, widget.in_domain) == (pytest.approx(100), pytest.approx(16 / 3), True)
    assert widget.predicted == widget.fractions


def test_commit_predicts_and_normalises() -> None:
    widget = panel()
    widget.commit({"Ti": 1, "C": 3})
    assert widget.fractions == [0.25, 0.0, 0.75]
    assert widget.value == pytest.approx(175)
    assert widget.predicted == widget.fractions
    widget.fractions = [0.1, 0.8, 0.1]
    assert widget.in_domain is False


def test_value_and_what_it_belongs_to_reach_the_page_in_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = panel()
    messages: list[set[str]] = []
    monkeypatch.setattr(
        widget, "send_state", lambda key=None: messages.append({key} if isinstance(key, str) else set(key))
    )
    widget.commit([0.5, 0.0, 0.5])
    together = [keys for keys in messages if "value" in keys]
    assert len(together) == 1
    assert {"value", "std", "predicted", "formula"} <= together[0]


def test_preview_answers_without_a_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = panel()
    before = list(widget.fractions)
    answer = ask(widget, "predict", [0.5, 0.0, 0.5], monkeypatch)
    assert answer["type"] == "reply"
    assert answer["data"] == {
        "value": 150.0, "std": 2.0, "std_aleatoric": None, "std_epistemic": None, "in_domain": True,
        "formula": "Ti0.500 C0.500",
    }  # fmt: skip
    assert widget.fractions == before


def test_error_of_the_callable_is_shown_and_goes_away() -> None:
    broken = [False]

    def sometimes(x: np.ndarray) -> dict[str, np.ndarray]:
        if broken[0]:
            raise RuntimeError("the model is on strike")
        return predict(x)

    widget = panel(predict=sometimes)
    broken[0] = True
    widget.commit([1, 0, 0])
    assert widget.error == "RuntimeError: the model is on strike"
    assert (
        widget.predicted != widget.fractions
    )  # the page sees that the number belongs to another composition
    broken[0] = False
    widget.commit([0, 0, 1])
    assert (widget.error, widget.value) == ("", 200)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"std": [1.0]}, "The widget's predict returned dict without 'value'"),
        (np.ones(1), "The widget's predict returned ndarray without 'value'"),
        ({"value": [1.0, 2.0]}, "The widget's predict returned 2 numbers as 'value' for 1 compositions"),
    ],
)
def test_wrong_results_are_told(result: Any, text: str) -> None:
    widget = panel()
    widget._predict = lambda _x: result
    widget.commit([1, 0, 0])
    assert widget.error.startswith(text)


def test_values_alone_are_enough() -> None:
    widget = panel(predict=lambda x: {"value": x[:, 0]})
    assert (widget.std, widget.in_domain) == (None, None)
    assert repr(widget).endswith("bulk modulus 0.3333 GPa)")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"elements": ["Ti"]},
            r"A composition panel got 1 element\(s\) \(Ti\): give at least 2 different ones",
        ),
        ({"elements": ["Ti", "C", "Ti"]}, "A composition panel got Ti twice: name each element once"),
        (
            {"bounds": {"Ti": (0.6, 1), "C": (0.5, 1)}},
            "Bounds cannot sum to 1: the least amounts add up to 1.1; lower",
        ),
        (
            {"bounds": {"Ti": (0, 0.2), "C": (0, 0.3), "Cd": (0, 0.4)}},
            "Bounds cannot sum to 1: the most amounts add up to 0.9; raise",
        ),
        (
            {"bounds": {"Ti": (0.6, 0.2)}},
            "Bounds of Ti are 0.6, 0.2: give the least and the most atomic fraction",
        ),
        ({"bounds": {"Fe": (0, 1)}}, "Bounds for Fe, which is not among Ti, Cd, C: leave them out"),
        (
            {"bounds": {"Ti": (0, 0.2)}, "fractions": [0.5, 0.2, 0.3]},
            "The composition at the start has 50.0 at.% Ti, outside its bounds 0 to 20 at.%",
        ),
        ({"fractions": [0.5, 0.5]}, r"Got 2 fractions for 3 elements \(Ti Cd C\): give one for each"),
        ({"fractions": {"Ti": 1, "O": 1}}, "The composition holds O, the widget has Ti, Cd, C"),
        ({"fractions": [1, -0.5, 0.5]}, "Got the fractions 1, -0.5, 0.5: each must be zero or more"),
        (
            {"fractions": [0, 0, 0]},
            "Got the fractions 0, 0, 0: each must be zero or more, and one of them above zero",
        ),
        ({"fractions": [float("nan"), 0, 1]}, "Got the fractions nan, 0, 1: each must be zero or more"),
        ({"locks": ["Fe"]}, "Cannot lock Fe: the panel has Ti, Cd, C"),
    ],
)
def test_wrong_input_is_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}") as raised:
        panel(**options)
    assert "\n" not in str(raised.value)


def test_commit_keeps_to_the_bounds_and_new_bounds_pull_inside() -> None:
    widget = panel(bounds={"Ti": (0.1, 0.5)})
    with pytest.raises(
        InputError, match=r"^The composition has 90.0 at.% Ti, outside its bounds 10 to 50 at.%"
    ):
        widget.commit([0.9, 0, 0.1])
    widget.bounds = {"Cd": (0.6, 1.0)}
    assert widget.fractions == pytest.approx([0.2, 0.6, 0.2])
    with pytest.raises(InputError, match="^Bounds cannot sum to 1"):
        widget.bounds = {"Cd": (0.6, 1.0), "C": (0.6, 1.0)}
    assert widget.bounds == {"Cd": [0.6, 1.0]}


@pytest.mark.parametrize("seed", range(5))
def test_nearest_composition_inside_keeps_bounds_and_sum(seed: int) -> None:
    generator = np.random.default_rng(seed)
    start = generator.dirichlet(np.ones(4))
    target = generator.dirichlet(np.ones(4))
    symbols = ["A", "B", "C", "D"]
    bounds = {s: [t * 0.8, min(1.0, t * 1.2)] for s, t in zip(symbols, target, strict=True)}
    found = inside(list(start), symbols, bounds)
    assert sum(found) == pytest.approx(1)
    for symbol, x in zip(symbols, found, strict=True):
        assert bounds[symbol][0] - 1e-9 <= x <= bounds[symbol][1] + 1e-9


def test_formula_is_read_in_python_and_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"TiC": {"Ti": 1, "C": 1}, "TiO": {"Ti": 1, "O": 1}}

    def read(text: str) -> dict[str, float]:
        if text not in known:
            raise InputError(f"Unknown formula {text!r}")
        return known[text]

    widget = panel(from_formula=read)
    assert widget.reads_formulas
    assert ask(widget, "formula", " TiC ", monkeypatch)["data"] == {"fractions": [0.5, 0.0, 0.5]}
    assert ask(widget, "formula", "??", monkeypatch)["text"] == "Unknown formula '??'"
    assert ask(widget, "formula", "TiO", monkeypatch)["text"].startswith(
        "The composition holds O, the widget has"
    )
    widget.locks = ["Cd"]
    assert ask(widget, "formula", "TiC", monkeypatch)["text"] == (
        "TiC has 0.0 at.% Cd, which is locked at 33.3 at.%: unlock it first"
    )
    widget.locks = []
    widget.bounds = {"Ti": (0, 0.4)}
    assert ask(widget, "formula", "TiC", monkeypatch)["text"].startswith(
        "TiC has 50.0 at.% Ti, outside its bounds"
    )


def test_formula_shown_is_the_one_of_the_prediction() -> None:
    widget = panel(to_formula=lambda x: "".join(x))
    widget.commit([0.5, 0, 0.5])
    assert widget.formula == "TiC"


def test_scale_covers_the_corners() -> None:
    assert panel().scale == [0.0, 200.0]
    assert panel(predict=lambda x: {"value": np.full(len(x), 7.0)}).scale == [6.5, 7.5]


def test_elements_are_fixed_unless_told_how_to_predict_others() -> None:
    widget = panel()
    with pytest.raises(InputError, match=r"^This panel was made for Ti Cd C and cannot show Ti C"):
        widget.elements = ["Ti", "C"]
    assert widget.elements == ELEMENTS
    flexible = panel(for_elements=lambda symbols: lambda x: {"value": np.full(len(x), float(len(symbols)))})
    flexible.elements = ["Ti", "C"]
    assert flexible.fractions == pytest.approx([0.5, 0.5])
    assert flexible.value == 2
    flexible.elements = ["Ti", "C", "W"]
    assert flexible.fractions == pytest.approx([3 / 8, 3 / 8, 2 / 8])
    flexible.elements = []
    assert (flexible.value, flexible.error) == (None, "")
    flexible.elements = ["W", "C"]
    assert flexible.value == 2


def test_repr_is_stable_and_tells_the_state() -> None:
    widget = panel(fractions=[0.1, 0.6, 0.3])
    assert repr(widget) == (
        "CompositionPanel(Ti 10.0 %, Cd 60.0 %, C 30.0 %: bulk modulus 70.0 ± 8.0 GPa, outside the training data)"
    )
    assert repr(widget) == repr(panel(fractions=[0.1, 0.6, 0.3]))


def test_cell_output_without_javascript_is_small_and_tells_the_number() -> None:
    ten = [*ELEMENTS, "Zr", "Nb", "Mo", "Hf", "Ta", "W", "V"]
    widget = panel(elements=ten)
    bundle = widget._repr_mimebundle_()
    assert bundle is not None
    data, _ = bundle
    assert "bulk modulus" in data["text/html"]
    assert "<script" not in data["text/html"]
    state = data["application/vnd.matwidgets.composition_panel+json"]
    assert state["state"]["elements"] == ten
    assert len(json.dumps(state)) < SNAPSHOT_LIMIT
    picture = widget.static_svg()
    assert "30.0 ± 3.0 GPa" in picture
    assert all(f">{symbol}</text>" in picture for symbol in ten)


def test_text_of_the_user_cannot_become_markup() -> None:
    widget = panel(label="<script>alert(1)</script>")
    assert "<script" not in widget.static_svg()
    assert "<script" not in widget.static_html()


def test_every_trait_says_what_it_is() -> None:
    own = set(CompositionPanel.class_own_traits(sync=True))
    assert own
    assert all(CompositionPanel.class_traits()[name].help for name in own)


def test_uncertainty_comes_in_its_two_parts() -> None:
    def parts(x: np.ndarray) -> dict[str, np.ndarray]:
        data, networks = 3 + 0 * x[:, 0], 4 + 0 * x[:, 0]
        return predict(x) | {
            "std": np.hypot(data, networks),
            "std_aleatoric": data,
            "std_epistemic": networks,
        }

    widget = panel(predict=parts)
    assert (widget.std, widget.std_aleatoric, widget.std_epistemic) == (5.0, 3.0, 4.0)
    assert "scatter of the data ± 3, the networks disagree by ± 4 GPa" in widget.static_svg()
    assert "scatter" not in panel().static_svg()  # whose callable says nothing of it


def explain(composition: dict[str, float]) -> dict[str, Any]:
    """Two networks of one layer with one head: the first looks at itself, the second at all alike."""
    k = len(composition)
    attention = np.stack([np.eye(k), np.full((k, k), 1 / k)]).reshape(2, 1, 1, k, k)
    return {
        "elements": tuple(composition), "contributions": [100 * x for x in composition.values()], "unit": "GPa",
        "attention": attention,
    }  # fmt: skip


def test_explanation_is_asked_for_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = panel(explain=explain)
    assert widget.explains
    answer = ask(widget, "explain", [0.25, 0.0, 0.75], monkeypatch)
    assert answer["data"] == {
        "elements": ["Ti", "C"], "contributions": [25.0, 75.0], "unit": "GPa",
        "attention": {"shape": [2, 1, 1, 2, 2], "values": [1.0, 0.0, 0.0, 1.0, 0.5, 0.5, 0.5, 0.5]},
    }  # fmt: skip


def test_explanation_without_attention_and_without_a_callable(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = panel(explain=lambda x: {"elements": list(x), "contributions": list(x.values())})
    assert ask(bare, "explain", [0.5, 0, 0.5], monkeypatch)["data"]["attention"] is None
    silent = panel()
    assert not silent.explains
    answer = ask(silent, "explain", [0.5, 0, 0.5], monkeypatch)
    assert answer["text"] == "This panel explains nothing: give it a callable as explain"


def test_explanation_of_another_shape_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = panel(explain=lambda x: explain(x) | {"attention": np.zeros((2, 2))})
    answer = ask(wrong, "explain", [0.5, 0, 0.5], monkeypatch)
    assert answer["type"] == "error"
    assert answer["text"] == (
        "The panel's explain returned contributions of shape (2,) and attention of shape (2, 2) for 2 elements: "
        "return (2,) and (networks, layers, heads, 2, 2)"
    )
