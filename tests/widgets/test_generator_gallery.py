"""GeneratorGallery: the funnel counted by Python, what it refuses, links, what a notebook keeps."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from typing import Any

import ipywidgets
import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.widgets import GeneratorGallery, LatentExplorer, PeriodicTable, link
from matwidgets.widgets._gallery import checked_range, checked_rows
from matwidgets.widgets.base import SNAPSHOT_LIMIT, jsonable

DATA: dict[str, Any] = {
    "formula": ["SrTiO3", "TiO2", "Co2O", "CO", "PbTiO3", "NaCl", "NaCl", "Ga(MoS2)4"],
    "neutral": [True, True, False, True, True, True, True, False],
    "gap": [3.25, 3.0, 0.5, None, 2.0, 8.5, 8.5, 1.1],
    "novel": [False, False, True, None, True, False, False, True],
}


def make(data: Any = None, filters: Any = None, **options: Any) -> GeneratorGallery:
    return GeneratorGallery(DATA if data is None else data, filters, **options)


def counts(widget: GeneratorGallery) -> list[tuple[str, int]]:
    return [(stage["name"] or stage["kind"], stage["count"]) for stage in widget.stages]


def page_sends(widget: GeneratorGallery, **state: Any) -> None:
    widget.set_state({name: _wire(value) for name, value in state.items()})


def _wire(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    return {"dtype": value.dtype.name, "shape": list(value.shape), "data": memoryview(value.tobytes())}


# -- counting


def test_each_stage_counts_what_is_left_and_what_went_lost() -> None:
    widget = make()
    assert counts(widget) == [("all", 8), ("neutral", 6), ("gap", 6), ("novel", 1)]
    assert [stage.get("lost") for stage in widget.stages] == [None, 2, 0, 5]
    assert [stage.get("unknown") for stage in widget.stages] == [None, 0, 0, 1]
    assert widget.survivors.tolist() == [4]
    assert widget.lost("novel").tolist() == [0, 1, 3, 5, 6]
    assert widget.surviving_names() == ["PbTiO3"]


def test_a_dropped_filter_loses_nothing_and_says_what_it_would() -> None:
    widget = make()
    widget.kept = ["gap", "novel"]
    assert counts(widget) == [("all", 8), ("neutral", 8), ("gap", 8), ("novel", 3)]
    assert widget.stages[1] == {
        "kind": "filter",
        "name": "neutral",
        "kept": False,
        "count": 8,
        "lost": 2,
        "unknown": 0,
    }
    assert widget.lost("neutral").size == 0


@pytest.mark.parametrize(
    ("low", "high", "rows"),
    [
        (None, 1.1, [2, 7]),
        (1.1, 3, [1, 4, 7]),
        (8.5, None, [5, 6]),
        (None, None, list(range(8))),
        (9, None, []),
    ],
)
def test_ends_of_a_range_are_inside_as_float32(
    low: float | None, high: float | None, rows: list[int]
) -> None:
    assert make(filters=[("gap", low, high)]).survivors.tolist() == rows


def test_unknown_passes_only_where_that_is_asked_for() -> None:
    widget = make(filters=["novel", ("gap", 0.0, None)])
    assert widget.survivors.tolist() == [2, 4, 7]
    widget.unknown_passes = True
    assert widget.survivors.tolist() == [2, 3, 4, 7]


def test_a_check_that_could_be_made_nowhere_begins_dropped() -> None:
    widget = make({**DATA, "novel": [None] * 8})
    assert widget.order == ["neutral", "gap", "novel"] and widget.kept == ["neutral", "gap"]
    assert widget.columns[2]["unknown"] == 8
    assert widget.stages[-1]["count"] == 6


def test_elements_are_symbols_not_letters() -> None:
    widget = make(filters=[])
    for elements, without, rows in (
        (["Co"], [], [2]),
        (["C"], [], [3]),
        (["Ti", "O"], ["Pb"], [0, 1]),
        (["Xe"], [], []),
        ([], ["O"], [5, 6, 7]),
    ):
        widget.elements, widget.without = elements, without
        assert widget.survivors.tolist() == rows
    assert counts(widget) == [("all", 8), ("elements", 3)]


def test_the_funnel_of_the_chosen() -> None:
    widget = make()
    widget.choose([7, 4, 5, 4])
    assert widget.chosen.tolist() == [4, 5, 7] and widget.chosen_names() == ["PbTiO3", "NaCl", "Ga(MoS2)4"]
    widget.scope = "chosen"
    assert counts(widget) == [("all", 8), ("chosen", 3), ("neutral", 2), ("gap", 2), ("novel", 1)]


def test_survivors_are_chosen_as_filters_move_until_somebody_else_chooses() -> None:
    widget = make()
    widget.live = True
    assert widget.chosen.tolist() == [4]
    widget.kept = ["neutral"]
    assert widget.chosen.tolist() == [0, 1, 3, 4, 5, 6] and widget.live
    page_sends(widget, kept=["neutral", "novel"], chosen=np.array([4], dtype=np.uint32))
    assert widget.live and widget.chosen.tolist() == [4]
    widget.choose([7])
    assert not widget.live and widget.chosen.tolist() == [7]
    widget.live = True
    widget.scope = "chosen"
    assert not widget.live


def test_it_agrees_with_plain_python_on_many_rows() -> None:
    rng = np.random.default_rng(3)
    n = 1003
    flag = [[True, False, None][i] for i in rng.integers(0, 3, n)]
    gap = np.where(rng.random(n) < 0.1, np.nan, rng.uniform(0, 10, n))
    names = [["TiO2", "NaCl", "Ti2O3"][i] for i in rng.integers(0, 3, n)]
    widget = make({"formula": names, "flag": flag, "gap": gap}, ["flag", ("gap", 2.0, 7.0)])
    widget.elements = ["Ti"]
    expected = [i for i in range(n) if flag[i] and 2 <= gap[i] <= 7 and "Ti" in names[i]]
    assert len(expected) > 50
    assert widget.survivors.tolist() == expected


def test_cards_are_sorted_with_unknown_last() -> None:
    widget = make(filters=[], sort="gap")
    assert widget.saved["formulas"] == ["Co2O", "Ga(MoS2)4", "PbTiO3", "TiO2", "SrTiO3", "NaCl", "NaCl", "CO"]
    widget.sort = "-gap"
    assert widget.surviving_names()[0] == "NaCl" and widget.surviving_names()[-1] == "CO"


def test_survivors_can_be_observed() -> None:
    widget, seen = make(), []
    widget.observe(lambda change: seen.append(change["new"].tolist()), "survivors")
    widget.ranges = {"gap": [3, None]}
    widget.sort = "gap"
    assert seen == [[]]


# -- on the wire


def test_the_page_gets_bits_and_bytes() -> None:
    state = make().get_state()
    assert bytes(state["formulas"]["data"]).decode().split("\n") == DATA["formula"]
    assert state["flags"]["shape"] == [2, 2, 1]
    yes, unknown = np.unpackbits(
        np.frombuffer(bytes(state["flags"]["data"]), np.uint8).reshape(2, 2, 1)[1], axis=-1, bitorder="little"
    )
    assert yes.tolist() == [bool(x) for x in DATA["novel"]]
    assert unknown.tolist() == [x is None for x in DATA["novel"]]
    numbers = np.frombuffer(bytes(state["numbers"]["data"]), "<f4")
    np.testing.assert_array_equal(numbers, np.array(DATA["gap"], dtype=float).astype("f4"))


def test_ten_thousand_rows_stay_far_below_a_megabyte() -> None:
    n = 10_000
    rng = np.random.default_rng(0)
    data = {"formula": [f"SrTi{i}O{i}" for i in range(n)]}
    data |= {f"flag {i}": rng.random(n) < 0.5 for i in range(5)} | {
        f"number {i}": rng.random(n) for i in range(2)
    }
    widget = make(data)
    sent = sum(getattr(widget, name).nbytes for name in ("formulas", "flags", "numbers"))
    assert sent <= 250_000
    others = {name for name in widget.get_state() if name not in ("formulas", "flags", "numbers", "_esm")}
    assert len(json.dumps(jsonable({name: getattr(widget, name) for name in others if name in widget.keys
                                    and name not in ("layout",)}))) <= SNAPSHOT_LIMIT  # fmt: skip


# -- what is read


def test_tables_of_pandas_are_read_without_importing_it() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(DATA).astype({"neutral": "boolean"})
    frame["source"] = "a text"
    frame.loc[1, "neutral"] = pd.NA
    frame.index = range(100, 108)
    widget = make(frame)
    assert widget.order == ["neutral", "gap", "novel"]
    assert [column["unknown"] for column in widget.columns] == [1, 1, 1]
    assert widget.survivors.tolist() == [4]
    code = "import sys; from matwidgets.widgets import GeneratorGallery as G; G({'formula': ['TiO2'], 'a': [True]}); "
    code += "print('pandas' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("data", "filters", "options", "words"),
    [
        ({"neutral": [True]}, None, {}, "no column 'formula'"),
        (DATA, None, {"names": "name"}, "no column 'name'"),
        ({**DATA, "gap": [1.0]}, None, {}, "different lengths (formula 8, neutral 8, gap 1"),
        ({"formula": []}, None, {}, "without rows"),
        ({"formula": ["TiO2", ""]}, None, {}, "Row 1 of a gallery has the formula ''"),
        ({"formula": ["TiO2\nH2O"]}, None, {}, "text of one line"),
        ({"formula": [None]}, None, {}, "text of one line"),
        (DATA, ["stable"], {}, "unknown filter 'stable'"),
        ({**DATA, "source": ["x"] * 8}, ["source"], {}, "neither truth values nor numbers"),
        (DATA, [("neutral", 0, 1)], {}, "it holds truth values"),
        (DATA, [("gap", 3, 1)], {}, "give the lower end first"),
        (DATA, [("gap", "a", 1)], {}, "give (low, high)"),
        (DATA, [("gap", float("nan"), 1)], {}, "finite numbers"),
        (DATA, ["gap", "gap"], {}, "twice"),
        (DATA, "gap", {}, "give a list of names"),
        (DATA, [7], {}, "A filter of a gallery is 7"),
        (DATA, None, {"units": {"mass": "g"}}, "a unit for 'mass'"),
        (DATA, None, {"sort": "formula"}, "cannot sort by 'formula'"),
        ({"formula": ["TiO2"], "x": [1e300]}, None, {}, "too large for the page"),
        ({"formula": ["TiO2"], "x": np.zeros((1, 2))}, None, {}, "a value for each row"),
        ({"formula": ["TiO2"], "x": "y"}, None, {}, "a value for each row"),
        ({"formula": ["TiO2"], **{f"x{i}": [1.0] for i in range(25)}}, None, {}, "at most 24"),
        (["TiO2"], None, {}, "A gallery got list"),
    ],
)  # fmt: skip
def test_wrong_input_is_refused_in_one_line(
    data: Any, filters: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        make(data, filters, **options)
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("trait", "value", "words"),
    [
        ("order", ["neutral"], "each once"),
        ("kept", ["stable"], "no filter of this gallery"),
        ("ranges", {"neutral": [0, 1]}, "truth values"),
        ("ranges", {"gap": [2, 1]}, "lower end first"),
        ("elements", ["Xx"], "chemical symbols"),
        ("sort", "-novel", "cannot sort"),
        ("lost_at", "stable", "no filter"),
        ("chosen", np.array([8], dtype=np.uint32), "rows 0 to 7"),
    ],
)
def test_what_the_page_may_not_set_is_refused_in_words(trait: str, value: Any, words: str) -> None:
    widget = make()
    before, survivors = getattr(widget, trait), widget.survivors
    page_sends(widget, **{trait: value})
    assert words in widget.error
    np.testing.assert_array_equal(getattr(widget, trait), before)
    np.testing.assert_array_equal(widget.survivors, survivors)


def test_rows_and_ranges_are_checked() -> None:
    assert checked_rows([3, 1, 3], 4).tolist() == [1, 3]
    assert checked_rows(None, 4).tolist() == []
    with pytest.raises(InputError, match="row numbers in one dimension"):
        checked_rows([0.5], 4)
    assert checked_range((None, 2), "gap") == (None, 2.0)


def test_lost_of_no_filter_is_refused() -> None:
    with pytest.raises(InputError, match="no filter of this gallery"):
        make().lost("formula")


# -- links


def test_chosen_rows_are_shared_with_a_latent_explorer() -> None:
    gallery, explorer = make(), LatentExplorer(np.arange(16.0).reshape(8, 2))
    gallery.choose([2, 4])
    linked = link(gallery, explorer)
    assert linked.topics == ["selection"]
    assert explorer.selection.tolist() == [2, 4]
    (connection,) = linked._links
    assert isinstance(connection, ipywidgets.widgets.widget_link.Link)
    assert connection.source == (gallery, "chosen") and connection.target == (explorer, "selection")


def test_rows_of_another_table_are_not_linked() -> None:
    with pytest.raises(InputError, match="8 and 3 rows"):
        link(make(), LatentExplorer(np.arange(6.0).reshape(3, 2)))


def test_a_periodic_table_chooses_the_elements() -> None:
    gallery = make(filters=[])
    assert link(PeriodicTable(selected=["Ti"]), gallery).topics == ["elements"]
    assert gallery.survivors.tolist() == [0, 1, 4]


# -- without JavaScript


def test_a_saved_notebook_keeps_the_counts_and_the_first_cards() -> None:
    n = 400
    widget = make(
        {"formula": [f"TiO{i + 2}" for i in range(n)], "gap": np.arange(n) / 7, "ok": [True, None] * (n // 2)}
    )
    snapshot = json.loads(json.dumps(jsonable(widget.snapshot())))
    assert not {"formulas", "flags", "numbers", "chosen"} & set(snapshot)
    assert snapshot["stages"][-1]["count"] == 200
    saved = snapshot["saved"]
    assert saved["count"] == 200 and saved["formulas"] == [f"TiO{2 * i + 2}" for i in range(50)]
    assert saved["values"][3] == [float(f"{6 / 7:.6g}"), 1] and saved["passed"][3] == "11"
    widget.shows, widget.lost_at = "lost", "ok"
    assert widget.saved["passed"][0] == "1?" and widget.saved["count"] == 200


def test_the_snapshot_stays_small_whatever_the_formulas() -> None:
    widget = make({"formula": ["Ti" * 4000] * 100, **{f"number {i}": np.full(100, 1 / 3) for i in range(24)}})
    data, _ = widget._repr_mimebundle_()  # type: ignore[misc]
    state = data["application/vnd.matwidgets.generator_gallery+json"]
    assert len(json.dumps(state)) <= SNAPSHOT_LIMIT
    assert 0 < len(state["state"]["saved"]["formulas"]) < 5


def test_the_picture_shows_the_funnel_and_the_cards() -> None:
    widget = make(filters=["neutral", ("gap", 1.1, None), "novel"], units={"gap": "eV"}, label="<samples>")
    widget.kept = ["neutral"]
    picture = widget.static_svg()
    assert "<samples>" not in picture and "&lt;samples&gt;" in picture
    for words in (
        ">8<",
        "6  75.0 %",
        "not applied",
        "gap \u2265 1.1 eV",
        "SrTiO\u2083",
        "\u2717 not novel",
        "? novel: unknown",
    ):
        assert words in picture
    bars = [float(w) for w in re.findall(r"width='([\d.]+)' height='16' rx='4' fill='#0072b2'", picture)]
    assert bars[1] / bars[0] == pytest.approx(6 / 8, rel=1e-3)
    assert picture.count("height='14'") == sum(len(set(re.findall("[A-Z][a-z]?", f))) for f in
                                                ("SrTiO3", "TiO2", "CO", "PbTiO3", "NaCl", "NaCl"))  # fmt: skip
    widget.kept = ["neutral", "gap", "novel"]
    widget.elements = ["Xe"]
    assert "None are left" in widget.static_svg() and "with Xe" in widget.static_svg()


def test_it_says_what_it_shows() -> None:
    widget = make()
    assert repr(widget) == "GeneratorGallery(8 generated; 6 neutral; 6 gap; 1 novel; 1 left)"
    assert all(trait.help for name, trait in GeneratorGallery.class_traits().items()
               if name in GeneratorGallery.__dict__)  # fmt: skip


def test_a_refused_message_changes_nothing_but_the_error() -> None:
    widget = make()
    page_sends(widget, order=["neutral", "stable", "novel"], sort="gap")
    assert "each once" in widget.error and "KeyError" not in widget.error
    assert widget.order == ["neutral", "gap", "novel"] and counts(widget)[-1] == ("novel", 1)
    page_sends(widget, order=["novel", "gap", "neutral"])
    assert counts(widget) == [("all", 8), ("novel", 3), ("gap", 3), ("neutral", 1)]


def test_a_column_of_counts_is_told_to_be_whole() -> None:
    data = {"formula": ["MgO", "NaCl"], "elements": [2, 2], "gap": [7.8, 8.5], "empty": [math.nan, math.nan]}
    told = {column["name"]: column["whole"] for column in GeneratorGallery(data).columns}
    assert told == {"elements": True, "gap": False, "empty": False}
