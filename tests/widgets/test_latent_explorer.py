"""LatentExplorer: places on the wire, colours, selection, the decoding cursor, walks, links, what a notebook keeps."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features.projection import project
from matwidgets.widgets import CompositionPanel, LatentExplorer, link
from matwidgets.widgets._points import MISSING, places_of, sample, scale_of
from matwidgets.widgets.base import SNAPSHOT_LIMIT

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(500, 2))
SYMBOLS = ("Ti", "Cd", "C")


def decode(vectors: np.ndarray) -> list[dict[str, Any]]:
    return [
        {
            "formula": " ".join(f"{x:.3f}" for x in row),
            "valid": row[0] > 0,
            "nearest": "TiC",
            "note": "a note",
        }
        for row in vectors
    ]


def make(points: Any = POINTS, **options: Any) -> LatentExplorer:
    return LatentExplorer(points, **options)


def request(widget: LatentExplorer, kind: str, data: Any) -> dict[str, Any]:
    sent: list[Any] = []
    widget.send = lambda message, buffers=None: sent.append(message)  # type: ignore[method-assign]
    widget._receive(widget, {"type": "request", "kind": kind, "id": "1", "view": "v", "n": 1, "data": data})
    (answer,) = sent
    assert isinstance(answer, dict)
    return answer


# -- on the wire


def test_places_are_as_fine_as_float32_and_rebuilt_from_their_bytes() -> None:
    widget = make()
    size = np.ptp(POINTS, axis=0)
    assert (np.abs(widget.places - POINTS) <= 0.5 * size / (2**24 - 1) * 1.001).all()
    state = widget.get_state()
    coarse = np.frombuffer(bytes(state["coarse"]["data"]), "<u2").reshape(-1, 2).astype(np.uint32)
    fine = np.frombuffer(bytes(state["fine"]["data"]), np.uint8).reshape(-1, 2)
    x0, x1, y0, y1 = state["extent"]
    low, high = np.array([x0, y0]), np.array([x1, y1])
    np.testing.assert_array_equal(low + ((coarse << 8) | fine) * ((high - low) / (2**24 - 1)), widget.places)


@pytest.mark.parametrize("points", [np.ones((4, 2)), np.array([[0, 3], [1, 3], [2, 3.0]]), [[5.0, -7.0]]])
def test_points_in_one_line_or_place_have_an_extent(points: Any) -> None:
    places = places_of(points)
    x0, x1, y0, y1 = places.extent
    assert x1 > x0 and y1 > y0
    np.testing.assert_allclose(places.points, points)


def test_hundred_thousand_points_with_a_colour_are_small_on_the_wire() -> None:
    widget = make(RNG.normal(size=(100_000, 2)), channels={"value": RNG.normal(size=100_000)})
    state = widget.get_state()
    arrays = sum(
        len(bytes(value["data"])) for value in state.values() if isinstance(value, dict) and "data" in value
    )
    rest = {k: v for k, v in state.items() if k not in ("coarse", "fine", "levels", "selection", "_esm")}
    assert arrays == 700_000
    assert arrays + len(json.dumps(rest)) <= 900_000
    assert len(json.dumps(rest)) <= SNAPSHOT_LIMIT


def test_a_million_points_are_taken() -> None:
    widget = make(
        RNG.normal(size=(1_000_000, 2)).astype(np.float32), channels={"class": np.arange(1_000_000) % 7}
    )
    assert (widget.n, len(widget.levels)) == (1_000_000, 1_000_000)
    assert repr(widget) == "LatentExplorer(1,000,000 points coloured by class)"
    assert len(json.dumps(widget.saved)) < 30_000


# -- colours


def test_numbers_are_even_steps_and_missing_ones_are_marked() -> None:
    values = np.array([0.0, 1.0, np.nan, 4.0])
    scale = scale_of(values, "gap", "eV", 4)
    assert scale.levels.tolist() == [0, 64, MISSING, 254]
    assert {k: scale.meaning[k] for k in ("kind", "unit", "low", "high")} == {
        "kind": "number", "unit": "eV", "low": 0.0, "high": 4.0,
    }  # fmt: skip


def test_colours_end_before_a_few_far_numbers_and_say_so() -> None:
    scale = scale_of(np.append(np.linspace(0, 1, 1000), [500.0]), "x", "", 1001)
    assert scale.meaning["high"] <= 1.0
    assert scale.meaning["most"] == 500.0
    assert scale.levels[-1] == 254


def test_classes_by_size_the_rest_together_and_whole_numbers_in_order() -> None:
    words = [w for i in range(15) for w in [f"w{i:02d}"] * (20 - i)] + [None, ""]
    scale = scale_of(words, "class", "", len(words))
    assert scale.meaning["labels"] == [f"w{i:02d}" for i in range(11)] + ["4 others"]
    assert scale.levels[0] == 0
    assert set(scale.levels[[w in {"w11", "w12", "w13", "w14"} for w in words]]) == {11}
    assert scale.levels[-2:].tolist() == [MISSING, MISSING]
    counts = scale_of(np.array([3, 2, 5, 2]), "elements", "", 4)
    assert (counts.meaning["labels"], counts.meaning["ordered"]) == (["2", "3", "5"], True)
    assert counts.levels.tolist() == [1, 0, 2, 0]
    assert scale_of(np.array([True, False]), "known", "", 2).meaning["labels"] == ["no", "yes"]


def test_one_channel_at_a_time_and_callables_only_when_shown() -> None:
    asked: list[int] = []

    def lazy() -> Any:
        asked.append(1)
        return np.arange(500.0)

    widget = make(channels={"a": POINTS[:, 0], "b": lazy}, units={"b": "eV"})
    assert (widget.colour, asked) == ("a", [])
    assert [name for name, *_ in request(widget, "point", {"index": 3})["data"]["values"]] == ["a"]
    widget.set_state({"colour": "b"})
    assert asked == [1]
    assert (widget.scale["name"], widget.scale["unit"], widget.levels[-1]) == ("b", "eV", 254)
    widget.colour = "a"
    widget.colour = "b"
    assert asked == [1]


def test_trouble_of_a_channel_is_shown() -> None:
    widget = make(channels={"a": POINTS[:, 0], "short": np.ones(3)})
    widget.colour = "short"
    assert widget.error == "The channel 'short' has the shape (3,): give one value a point, (500,)"
    widget.colour = "a"
    assert widget.error == ""


# -- selection and cursor


def test_selection_is_rows_in_order_each_once() -> None:
    widget = make()
    widget.select([7, 3, 3, 499])
    assert widget.selection.tolist() == [3, 7, 499]
    assert widget.get_state("selection")["selection"]["dtype"] == "uint32"
    wire = {"dtype": "uint32", "shape": [2], "data": memoryview(np.array([9, 4], "<u4").tobytes())}
    widget.set_state({"selection": wire})
    assert widget.selection.tolist() == [4, 9]
    widget.select([])
    assert widget.selection.tolist() == []


def test_cursor_decodes_in_the_plane() -> None:
    widget = make(decode=decode)
    widget.cursor = [0.25, -0.5]
    assert widget.decoded == {
        "formula": "0.250 -0.500", "valid": True, "nearest": ["TiC"], "far": [], "known": None, "note": "a note",
        "fractions": None, "at": [0.25, -0.5],
    }  # fmt: skip
    assert request(widget, "decode", {"xy": [-1, 0]})["data"]["formula"] == "-1.000 0.000"
    assert widget.cursor == [0.25, -0.5]
    widget.cursor = []
    assert widget.decoded == {}


def test_cursor_on_a_row_decodes_its_own_latent_vector() -> None:
    latent = RNG.normal(size=(100, 5))
    seen: list[np.ndarray] = []

    def watch(vectors: np.ndarray) -> list[dict[str, Any]]:
        seen.append(vectors)
        return decode(vectors)

    space = project(latent)
    widget = make(space, decode=watch)
    widget.go_to(17)
    np.testing.assert_array_equal(seen[-1], latent[17:18])
    assert widget.point == 17
    widget.cursor = [0.3, 0.1]
    assert widget.point == -1
    assert (widget.dimensions, widget.axes) == (5, list(space.axes))


def test_the_plane_is_laid_through_what_the_cursor_stood_on() -> None:
    latent = RNG.normal(size=(100, 5))
    seen: list[np.ndarray] = []

    def watch(vectors: np.ndarray) -> list[dict[str, Any]]:
        seen.append(vectors)
        return decode(vectors)

    space = project(latent)
    widget = make(space, decode=watch, names=[f"n{i}" for i in range(100)], write=str.upper)
    widget.cursor = [0.3, 0.1]
    np.testing.assert_allclose(seen[-1], space.to_latent(np.array([[0.3, 0.1]])))
    assert widget.through == ""
    widget.go_to(17)
    assert widget.through == "N17"
    # A place beside the point: the same vector but for the step in the plane.
    beside = space.points[17] + [0.1, -0.2]
    for place in (
        lambda: setattr(widget, "cursor", list(beside)),
        lambda: request(widget, "decode", {"xy": list(beside)}),
    ):
        place()
        moved = seen[-1][0] - latent[17]
        np.testing.assert_allclose(space.to_plane(seen[-1]), [beside], atol=1e-6)
        assert np.linalg.norm(moved) == pytest.approx(np.hypot(0.1, 0.2), rel=1e-3)
    assert request(widget, "middle", {})["data"] == {}
    np.testing.assert_allclose(seen[-1], space.to_latent(beside[None, :]))
    widget.go_to(3)
    widget.cursor = []
    assert (widget.through, widget.decoded) == ("", {})


def test_a_step_of_a_path_keeps_its_own_vector() -> None:
    latent = RNG.normal(size=(100, 5))
    widget = make(project(latent), decode=decode)
    steps = widget.interpolate(3, 8, steps=5)
    widget.set_state({"cursor": json.loads(json.dumps(widget.walk["xy"][2])), "point": -1})
    assert widget.decoded["formula"] == steps[2]["formula"]
    assert widget.through == "step 3 of the path"


def test_the_cursor_goes_to_a_latent_vector() -> None:
    latent = RNG.normal(size=(100, 5))
    widget = make(project(latent), decode=decode)
    vector = RNG.normal(size=5)
    widget.go_to_latent(vector, "a sample")
    assert widget.decoded["formula"] == decode(vector[None, :])[0]["formula"]
    assert (widget.point, widget.through) == (-1, "a sample")


def test_the_chosen_have_names() -> None:
    widget = make(names=[f"n{i}" for i in range(500)], write=str.upper)
    assert widget.selected_names() == []
    widget.select([7, 3])
    assert widget.selected_names() == ["n3", "n7"]
    assert request(widget, "point", {"index": 3})["data"]["name"] == "N3"


def test_interpolation_is_straight_in_the_latent_space() -> None:
    latent = RNG.normal(size=(100, 5))
    space = project(latent)
    widget = make(space, decode=decode, names=[f"n{i}" for i in range(100)])
    steps = widget.interpolate(3, 8, steps=5)
    expected = latent[3] + np.linspace(0, 1, 5)[:, None] * (latent[8] - latent[3])
    assert [s["formula"] for s in steps] == [s["formula"] for s in decode(expected)]
    np.testing.assert_allclose(widget.walk["xy"], space.to_plane(expected))
    assert widget.walk["title"] == "From n3 to n8"
    widget.interpolate(3, latent[8], steps=5)
    assert (widget.walk["title"], widget.walk["steps"]) == ("From n3 to a latent vector", steps)


def test_a_path_from_the_page_begins_and_ends_where_the_cursor_stands() -> None:
    latent = RNG.normal(size=(100, 5))
    widget = make(project(latent), decode=decode, names=[f"n{i}" for i in range(100)])
    assert request(widget, "end", {"which": "end"})["text"].startswith("A path needs a place")
    widget.go_to(4)
    assert request(widget, "end", {"which": "end"})["text"].startswith("A path needs a beginning")
    assert request(widget, "end", {"which": "start"})["data"] == {"count": 0}
    vector = RNG.normal(size=5)
    widget.go_to_latent(vector, "a sample")
    assert request(widget, "end", {"which": "end"})["data"] == {"count": 9}
    assert widget.walk["title"] == "From n4 to a sample"
    assert widget.walk["steps"] == widget.interpolate(4, vector)


def test_a_name_is_looked_up_where_that_can_be_done() -> None:
    latent = RNG.normal(size=(100, 5))
    names = [f"n{i}" for i in range(100)]

    def locate(text: str) -> Any:
        if text == "middle":
            return latent.mean(axis=0)
        if text not in names:
            raise InputError(f"There is no {text}")
        return names.index(text)

    widget = make(project(latent), decode=decode, names=names, locate=locate)
    assert widget.locates
    assert request(widget, "locate", {"text": " n7 "})["data"] == {}
    assert widget.point == 7
    widget.go_to_name("middle")
    assert (widget.point, widget.through) == (-1, "middle")
    assert widget.decoded["formula"] == decode(latent.mean(axis=0)[None, :])[0]["formula"]
    assert request(widget, "locate", {"text": "n100"})["text"] == "There is no n100"


def test_traversal_changes_one_axis_around_the_cursor() -> None:
    latent = RNG.normal(size=(100, 5))
    widget = make(project(latent), decode=decode)
    widget.go_to(4)
    steps = widget.traverse(2, steps=3, reach=1.5)
    told = np.array([[float(x) for x in s["formula"].split()] for s in steps])
    assert (np.abs(np.delete(told - latent[4], 2, axis=1)) < 1e-3).all()
    np.testing.assert_allclose(
        told[:, 2] - latent[4, 2], np.array([-1.5, 0, 1.5]) * latent[:, 2].std(), atol=1e-3
    )


def test_names_and_values_are_told_on_demand() -> None:
    widget = make(
        names=[f"n{i}" for i in range(500)],
        channels={"gap": np.where(np.arange(500) == 1, np.nan, 2.5), "class": ["a"] * 500},
        units={"gap": "eV"},
    )
    assert request(widget, "point", {"index": 0})["data"] == {
        "name": "n0", "values": [["gap", 2.5, "eV"], ["class", "a", ""]],
    }  # fmt: skip
    assert request(widget, "point", {"index": 1})["data"]["values"] == [["class", "a", ""]]
    assert request(widget, "point", {"index": 500})["text"] == "There is no point 500: rows are 0 to 499"


def test_trouble_of_decode_is_shown() -> None:
    def broken(_vectors: np.ndarray) -> list[dict[str, Any]]:
        raise RuntimeError("no weights")

    widget = make(decode=broken)
    widget.cursor = [0, 0]
    assert widget.error == "RuntimeError: no weights"
    assert request(widget, "decode", {"xy": [0, 0]})["text"] == "RuntimeError: no weights"
    assert "decodes nothing" in request(make(), "decode", {"xy": [0, 0]})["text"]
    short = make(decode=lambda _v: [])
    short.cursor = [0, 0]
    assert short.error == "decode was given 1 vectors and returned 0 rows: return one dict each"
    wordless = make(decode=lambda v: [{}] * len(v))
    wordless.cursor = [0, 0]
    assert wordless.error.startswith("decode returned dict for a vector: give a dict with 'formula'")


# -- linked with a composition


def linked() -> tuple[CompositionPanel, LatentExplorer]:
    """The plane holds the fractions of titanium and cadmium themselves."""

    def to_fractions(vectors: np.ndarray) -> list[dict[str, Any]]:
        return [
            {"formula": "x", "fractions": dict(zip(SYMBOLS, (x, y, 1 - x - y), strict=True))}
            for x, y in vectors
        ]

    panel = CompositionPanel(SYMBOLS, lambda x: {"value": x[:, 0]}, fractions=[0.2, 0.3, 0.5])
    explorer = make(
        RNG.uniform(0, 0.5, (50, 2)), decode=to_fractions, elements=SYMBOLS, encode=lambda x: x[:, :2]
    )
    return panel, explorer


def test_link_moves_the_cursor_to_the_composition_and_back() -> None:
    panel, explorer = linked()
    assert link(panel, explorer).topics == ["fractions"]
    assert explorer.cursor == pytest.approx([0.2, 0.3])
    explorer.cursor = [0.4, 0.1]
    assert explorer.fractions == pytest.approx([0.4, 0.1, 0.5])
    # What comes back from the other widget is the same composition: the cursor stays.
    explorer.set_state({"fractions": [0.4 + 1e-7, 0.1, 0.5 - 1e-7]})
    assert explorer.cursor == [0.4, 0.1]
    assert request(explorer, "place", {"fractions": [0.1, 0.2, 0.7]})["data"]["xy"] == pytest.approx(
        [0.1, 0.2]
    )


def test_other_elements_are_not_passed_on_and_that_is_said() -> None:
    told = [{"formula": "TiO2", "fractions": {"Ti": 1 / 3, "O": 2 / 3}, "note": "rutile"}]
    explorer = make(decode=lambda v: told, elements=SYMBOLS, encode=lambda x: x[:, :2])
    explorer.cursor = [0.1, 0.1]
    assert explorer.decoded["note"] == "rutile"  # linked with nothing, there is nothing to say
    link(explorer, CompositionPanel(SYMBOLS, lambda x: {"value": x[:, 0]}))
    explorer.cursor = [0, 0]
    assert explorer.fractions == [1, 0, 0]
    assert explorer.decoded["note"] == "rutile; also holds O 67 at.%, not passed on"
    told[0] = {"formula": "MgO", "fractions": {"Mg": 0.5, "O": 0.5}}
    explorer.cursor = [0.1, 0]
    assert explorer.fractions == [1, 0, 0]
    assert explorer.decoded["note"] == "holds no linked element: nothing passed on"


def test_what_a_linked_composition_decodes_to_does_not_push_it_away() -> None:
    """The decoder gives back another composition than was encoded; the panel stays where its hand has put it."""
    latent = RNG.normal(size=(100, 5))
    space = project(latent)
    seen: list[np.ndarray] = []

    def blurred(vectors: np.ndarray) -> list[dict[str, Any]]:
        seen.append(vectors)
        return [{"formula": "x", "fractions": {"Ti": 0.5, "Cd": 0.25, "C": 0.25}}] * len(vectors)

    def encode(x: np.ndarray) -> np.ndarray:
        return np.hstack([x, x[:, :2] ** 2])

    panel = CompositionPanel(SYMBOLS, lambda x: {"value": x[:, 0]}, fractions=[0.2, 0.3, 0.5])
    explorer = make(space, decode=blurred, elements=SYMBOLS, encode=encode)
    link(panel, explorer)
    wanted = encode(np.array([[0.2, 0.3, 0.5]]))
    np.testing.assert_allclose(seen[-1], wanted)
    assert explorer.cursor == pytest.approx(space.to_plane(wanted)[0].tolist())
    assert explorer.fractions == pytest.approx([0.2, 0.3, 0.5])
    assert explorer.through == "the linked composition"
    # A hand on the cursor is another matter: the composition follows.
    explorer.cursor = [0.0, 0.0]
    assert explorer.fractions == pytest.approx([0.5, 0.25, 0.25])


def test_two_explorers_share_their_selection() -> None:
    a, b = make(), make(POINTS[:, ::-1])
    a.select([1, 2])
    assert link(a, b).topics == ["selection"]
    assert b.selection.tolist() == [1, 2]


def test_wrong_answer_of_encode_is_shown() -> None:
    explorer = make(decode=decode, elements=SYMBOLS, encode=lambda x: x)
    explorer.fractions = [0.2, 0.3, 0.5]
    assert explorer.error == "encode returned an array of shape (1, 3): give finite (1, 2)"


# -- what a notebook keeps


def busy() -> LatentExplorer:
    n = 85_000
    widget = make(
        RNG.normal(size=(n, 2)),
        channels={"class": RNG.choice(["oxide", "sulfide", "carbide"], n), "gap": RNG.exponential(size=n)},
        units={"gap": "eV"},
        decode=decode,
        label="latent space",
    )
    widget.select(np.flatnonzero(widget.places[:, 0] > 1))
    widget.go_to(5)
    widget.interpolate(5, 9)
    return widget


def test_snapshot_is_small_and_holds_a_fair_sample() -> None:
    widget = busy()
    bundle = widget._repr_mimebundle_()
    assert bundle is not None
    kept = bundle[0]["application/vnd.matwidgets.latent_explorer+json"]
    assert len(json.dumps(kept)) < SNAPSHOT_LIMIT
    assert not {"coarse", "fine", "levels", "selection"} & set(kept["state"])
    saved = kept["state"]["saved"]
    coarse = np.frombuffer(base64.b64decode(saved["points"]), "<u2").reshape(-1, 2)
    levels = np.frombuffer(base64.b64decode(saved["levels"]), np.uint8)
    assert len(coarse) == len(levels) == saved["count"] == len(sample(widget.n))
    share = np.bincount(levels, minlength=3) / len(levels)
    np.testing.assert_allclose(share, np.bincount(widget.levels) / widget.n, atol=0.03)  # 3.6 standard errors


def test_picture_shows_points_legend_and_how_many() -> None:
    widget = busy()
    picture = widget.static_svg()
    assert len(picture) < 100_000
    for words in ("30,000 of 85,000 points", "oxide", f"{len(widget.selection):,} selected", "Latent space"):
        assert words in picture
    assert re.search(r"data:image/png;base64,iVBOR", picture)
    widget.colour = "gap"
    assert "Gap (eV)" in widget.static_svg()
    assert "all 500 points" in make().static_svg()


def test_repr_is_stable() -> None:
    widget = make(decode=decode)
    widget.select([1, 2])
    widget.cursor = [0.25, -0.5]
    assert repr(widget) == "LatentExplorer(500 points; 2 selected; cursor at 0.25, -0.5: 0.250 -0.500)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: make(np.zeros((3, 5))),
            r"A latent explorer got points of shape (3, 5): give (n, 2), or a projection",
        ),
        (lambda: make(np.zeros((0, 2))), "A latent explorer got points of shape (0, 2)"),
        (lambda: make([[0, 1], [np.nan, 2]]), "1 of 2 points have no finite place (first: row 1)"),
        (lambda: make(names=["a"]), "A latent explorer got 1 names for 500 points"),
        (lambda: make(colour="x", channels={"a": POINTS[:, 0]}), "Unknown channel 'x': give one of a"),
        (lambda: make(elements=SYMBOLS), "A latent explorer got one of elements and encode"),
        (lambda: make().select([500]), "A selection has rows 500 to 500: there are rows 0 to 499"),
        (lambda: make().select([0.5]), "A selection got float64 of shape (1,): give row numbers"),
        (
            lambda: make(project(RNG.normal(size=(9, 4)))).go_to_latent([1, 2]),
            "Got a latent vector of shape (2,): give 4 finite numbers, shape (4,)",
        ),
        (
            lambda: make(project(RNG.normal(size=(9, 4))), decode=decode).interpolate(0, np.ones(3)),
            "Got a latent vector of shape (3,): give 4 finite numbers, shape (4,)",
        ),
        (lambda: make().go_to_name("TiC"), "This explorer finds nothing by its name: make it with locate="),
        (lambda: make().selected_names(), "The points of this explorer have no names: make it with names="),
        (lambda: make().go_to(-1), "There is no point -1: rows are 0 to 499"),
        (lambda: setattr(make(), "cursor", [1.0]), "The cursor got [1.0]: give x and y"),
        (lambda: make().interpolate(0, 1), "This explorer decodes nothing"),
        (lambda: make(decode=decode).interpolate(0, 1, 1), "A walk got 1 steps: give 2 to 50"),
        (lambda: make(decode=decode).traverse(2), "The latent space has 2 axes, got axis 2: give 0 to 1"),
    ],
)
def test_wrong_input_is_one_line(call: Any, message: str) -> None:
    with pytest.raises(InputError) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_every_trait_says_what_it_is() -> None:
    own = set(LatentExplorer.class_own_traits(sync=True))
    assert own
    assert all(LatentExplorer.class_traits()[name].help for name in own)
