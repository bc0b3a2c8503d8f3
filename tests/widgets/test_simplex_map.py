"""SimplexMap: its grid, what lies between its points, its copy for a saved notebook, its picture."""

from __future__ import annotations

import base64
import json
import re
import zlib
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.widgets import SimplexMap
from matwidgets.widgets._simplex import grid_counts, grid_index, interpolate, small_copy, span_of, steps_of
from matwidgets.widgets.base import SNAPSHOT_LIMIT

RECORDED = Path(__file__).resolve().parents[2] / "js" / "tests" / "simplex" / "interpolated.json"


def predict(x: np.ndarray) -> dict[str, np.ndarray]:
    return {"value": 300 * x[:, 0] * x[:, -1] + 50, "std": 1 + x[:, 1], "in_domain": x[:, 1] < 0.4}


def make(elements: tuple[str, ...] = ("Ti", "Cd", "C"), **options: Any) -> SimplexMap:
    return SimplexMap(elements, options.pop("predict", predict), label="bulk modulus", unit="GPa", **options)


@pytest.mark.parametrize(("k", "steps"), [(2, 5), (3, 1), (3, 50), (4, 20)])
def test_grid_holds_every_composition_once_in_lexicographic_order(k: int, steps: int) -> None:
    counts = grid_counts(k, steps)
    assert counts.shape == (comb(steps + k - 1, k - 1), k)
    assert (counts.sum(axis=1) == steps).all()
    assert (counts >= 0).all()
    assert [tuple(row) for row in counts] == sorted({tuple(row) for row in counts})
    np.testing.assert_array_equal(grid_index(counts, steps), np.arange(len(counts)))


@pytest.mark.parametrize("k", [3, 4])
def test_linear_fields_are_exact_between_the_points(k: int) -> None:
    steps = 7
    field = grid_counts(k, steps) @ np.arange(1.0, k + 1) / steps
    fractions = np.random.default_rng(0).dirichlet(np.ones(k), 400)
    np.testing.assert_allclose(
        interpolate(fractions, field, steps), fractions @ np.arange(1.0, k + 1), atol=1e-12
    )


def test_points_of_the_grid_keep_their_own_values() -> None:
    field = np.random.default_rng(1).normal(size=comb(13, 3))
    np.testing.assert_allclose(interpolate(grid_counts(4, 10) / 10, field, 10), field, atol=1e-12)


def test_page_and_python_mix_alike() -> None:
    """The page's tests read the same numbers."""
    for case in json.loads(RECORDED.read_text()):
        fractions = np.array([case["fractions"]])
        found = interpolate(fractions, np.array(case["field"]), case["steps"])[0]
        assert found == pytest.approx(case["value"], abs=1e-10)


def test_field_is_the_prediction_on_the_grid_and_travels_as_bytes() -> None:
    widget = make(step=0.1)
    expected = predict(grid_counts(3, 10) / 10)
    np.testing.assert_allclose(widget.field, expected["value"], rtol=1e-6)
    state = widget.get_state()
    assert (state["field"]["dtype"], state["field"]["shape"]) == ("float32", [66])
    assert (state["domain"]["dtype"], len(bytes(state["domain"]["data"]))) == ("uint8", 66)
    assert widget.value == pytest.approx(50 + 300 / 9)


def test_large_grids_are_predicted_in_pieces() -> None:
    sizes: list[int] = []

    def counting(x: np.ndarray) -> dict[str, np.ndarray]:
        sizes.append(len(x))
        return predict(x)

    widget = make(("Ti", "Cd", "Zn", "C"), predict=counting)
    assert sum(sizes[:-1]) == len(widget.field) == 1771
    assert max(sizes) <= 1024


def test_commit_moves_the_mark_and_predicts_there() -> None:
    widget = make()
    widget.commit({"Ti": 1, "C": 1})
    assert widget.fractions == [0.5, 0.0, 0.5]
    assert (widget.value, widget.in_domain) == (125.0, True)
    assert widget.predicted == widget.fractions
    assert repr(widget) == "SimplexMap(Ti-Cd-C; Ti 50.0 %, C 50.0 %: bulk modulus 125.0 ± 1.0 GPa)"


def test_error_of_the_callable_is_shown_and_refresh_tries_again() -> None:
    def broken(_x: np.ndarray) -> dict[str, np.ndarray]:
        raise RuntimeError("no weights")

    widget = make(predict=broken)
    assert widget.error == "RuntimeError: no weights"
    assert widget.field is None
    assert "no prediction" in widget.static_svg()
    widget._predict = predict
    widget.refresh()
    assert (widget.error, len(widget.field)) == ("", 1326)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make(("Ti", "C")), r"A simplex map got 2 element(s) (Ti C): give 3 to 4 different ones"),
        (lambda: make(("Ti", "C", "C")), "A simplex map got C twice"),
        (lambda: make(step=0.03), "The map's step is 0.03: give 1 divided by a whole number"),
        (lambda: make(step=-1), "The map's step is -1: give 1 divided by a whole number"),
        (
            lambda: make(step=0.001),
            "A map of 3 elements with step 0.001 has 501501 points, at most 30000 are drawn",
        ),
        (lambda: make(path=[[0.5, 0.5]]), "Got 2 fractions for 3 elements"),
        (lambda: make(fractions={"Fe": 1}), "The composition holds Fe, the widget has Ti, Cd, C"),
    ],
)
def test_wrong_input_is_one_line(call: Any, message: str) -> None:
    with pytest.raises(InputError) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_steps_are_the_inverse_of_the_step() -> None:
    assert [steps_of(0.02, 3), steps_of(1 / 3, 3), steps_of(0.05, 4)] == [50, 3, 20]


def test_small_copy_keeps_numbers_to_a_part_in_65534_and_what_does_not_exist() -> None:
    value = np.array([10.0, 20.0, np.nan, 15.0, 12.5, 17.25])
    copy = small_copy(3, 2, value, None, np.array([1, 0, 0, 1, 1, 0], dtype=bool))
    assert (copy["steps"], copy["std"]) == (2, None)
    levels = np.frombuffer(base64.b64decode(copy["value"]["data"]), "<u2")
    low, high = copy["value"]["low"], copy["value"]["high"]
    back = np.where(levels == 65535, np.nan, low + levels * (high - low) / 65534)
    np.testing.assert_allclose(back, value, atol=10 / 65534)
    assert base64.b64decode(copy["domain"]) == bytes([0b10011000])


@pytest.mark.parametrize(("elements", "step"), [(("Ti", "Cd", "C"), 0.01), (("Ti", "Cd", "Zn", "C"), 0.025)])
def test_snapshot_fits_into_a_notebook(elements: tuple[str, ...], step: float) -> None:
    way = np.random.default_rng(0).dirichlet(np.ones(len(elements)), 120).round(4)
    widget = make(elements, step=step, path=way.tolist())
    bundle = widget._repr_mimebundle_()
    assert bundle is not None
    data, _ = bundle
    state = data["application/vnd.matwidgets.simplex_map+json"]
    assert len(json.dumps(state)) < SNAPSHOT_LIMIT
    assert "field" not in state["state"]
    assert state["state"]["saved"]["value"]["data"]


def test_coarser_copy_holds_the_same_numbers() -> None:
    widget = make(("Ti", "Cd", "Zn", "C"), step=0.025)
    saved = widget.saved
    assert saved["steps"] < widget.steps
    levels = np.frombuffer(base64.b64decode(saved["value"]["data"]), "<u2")
    low, high = saved["value"]["low"], saved["value"]["high"]
    expected = predict(grid_counts(4, saved["steps"]) / saved["steps"])["value"]
    np.testing.assert_allclose(
        low + levels * (high - low) / 65534, expected, atol=(high - low) / 60000 + 1e-4
    )


def test_picture_holds_a_true_png_of_the_field() -> None:
    picture = make(path=[[0.3, 0.3, 0.4], [0.5, 0, 0.5]]).static_svg()
    found = re.search(r"data:image/png;base64,([^']+)", picture)
    assert found is not None
    png = base64.b64decode(found[1])
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, pixels, size = 8, b"", (0, 0)
    while at < len(png):
        length, kind = int.from_bytes(png[at : at + 4]), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == int.from_bytes(png[at + 8 + length : at + 12 + length])
        if kind == b"IHDR":
            size = int.from_bytes(body[:4]), int.from_bytes(body[4:8])
        if kind == b"IDAT":
            pixels = zlib.decompress(body)
        at += 12 + length
    rows = np.frombuffer(pixels, np.uint8).reshape(size[1], size[0] + 1)[:, 1:]
    assert rows[0, 0] == 0  # outside the triangle
    # The lower edge runs from cadmium (50 GPa, the least) to carbon (50 too); the greatest lies between Ti and C.
    assert rows[-1, 2] == 1
    assert rows[size[1] // 2].argmax() > 0.7 * size[0]
    assert "bulk modulus" in picture.lower()


def test_colours_end_before_a_rare_corner() -> None:
    even = np.arange(1000.0)
    assert span_of(even) == (0.0, 999.0)
    assert span_of(np.full(3, 2.0)) == (1.5, 2.5)
    assert span_of(np.array([np.nan])) is None
    span = span_of(np.append(even / 10, [400.0, 410.0]))
    assert span is not None
    assert span[0] == 0
    assert span[1] < 100
    peaked = make(predict=lambda x: {"value": np.where(x[:, 2] > 0.99, 400.0, 100 * x[:, 0])})
    assert "the map goes up to 400 GPa" in peaked.static_svg()


def test_slice_is_named_for_four_elements() -> None:
    picture = make(("Ti", "Cd", "Zn", "C"), fractions=[0.4, 0.2, 0.2, 0.2]).static_svg()
    assert "slice at C 20.0 at.%" in picture


def test_every_trait_says_what_it_is() -> None:
    own = set(SimplexMap.class_own_traits(sync=True))
    assert own
    assert all(SimplexMap.class_traits()[name].help for name in own)
