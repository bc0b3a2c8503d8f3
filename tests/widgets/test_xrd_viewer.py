"""XrdViewer: patterns, peaks compared, what a latent vector or a step shows, what a saved notebook keeps."""

from __future__ import annotations

import base64
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features import xrd
from matwidgets.features.projection import project
from matwidgets.run import Record, Run
from matwidgets.widgets import LatentExplorer, OptimizationTracker, XrdViewer, link
from matwidgets.widgets.base import SNAPSHOT_LIMIT

GRID = np.linspace(10, 90, 1601)


def drawn(*peaks: tuple[float, float]) -> np.ndarray:
    """A profile of Gaussians at the given angles and heights."""
    return np.sum([h * np.exp(-0.5 * ((GRID - at) / 0.15) ** 2) for at, h in peaks], axis=0)


SALT = drawn((27.4, 0.1), (31.7, 1.0), (45.4, 0.6), (56.5, 0.2))
MODEL = drawn((31.8, 1.0), (45.2, 0.5), (61.0, 0.3))  # 45.2: just within 0.2; two missed; one extra


def compared(**options: Any) -> XrdViewer:
    return XrdViewer(SALT, names="NaCl", reconstructions=MODEL, find=xrd.find_peaks, **options)


def test_peaks_are_matched_missed_and_extra() -> None:
    viewer = compared()
    (marks,) = viewer.peaks
    assert marks["compared"]
    places = [[round(x, 2) for x in peak if x is not None] for peak in marks["own"]]
    assert [peak[0] for peak in places] == [27.4, 31.7, 45.4, 56.5]
    assert [peak[2:] for peak in places] == [[], [31.8], [45.2], []]
    assert [round(x, 2) for x, _ in marks["extra"]] == [61.0]
    assert viewer.scores == [[2, 4, 2, 3]]
    recall, precision = xrd.peak_recall_precision(xrd.find_peaks(SALT), xrd.find_peaks(MODEL))
    assert (recall, precision) == (2 / 4, 2 / 3)
    assert repr(viewer) == "XrdViewer(NaCl; reconstruction: 2 of 4 peaks, 1 extra)"


def test_scores_are_recall_and_precision_of_the_features() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        own, other = (np.sort(np.unique(rng.integers(200, 1700, 30))) * 0.05 for _ in range(2))
        lists = [xrd.Peaks(angles, rng.uniform(1, 100, len(angles))) for angles in (own, other)]
        viewer = XrdViewer(
            SALT, peaks=lists[0], reconstructions=MODEL, reconstruction_peaks=lists[1], within=0.3
        )
        matched, peaks, right, found = viewer.scores[0]
        assert (matched / peaks, right / found) == xrd.peak_recall_precision(*lists, within=0.3)


def test_without_a_reconstruction_peaks_are_plain_and_without_peaks_there_are_none() -> None:
    viewer = XrdViewer([SALT, MODEL], names=["a", "b"], peaks=[([27.4, 31.7], [5, 50]), None])
    assert viewer.peaks[0]["own"] == [[27.4, 10.0, None], [31.7, 100.0, None]]
    assert not viewer.peaks[0]["compared"]
    assert viewer.peaks[1] == {"own": [], "extra": [], "compared": False}
    assert viewer.scores == [None, None]
    assert viewer.reconstructions is None


def test_only_the_strongest_peaks_go_to_the_page_but_all_count() -> None:
    angles = np.linspace(12, 88, 400)
    many = xrd.Peaks(angles, np.linspace(1, 100, 400))
    viewer = XrdViewer(SALT, peaks=many, reconstructions=MODEL, reconstruction_peaks=many)
    own = viewer.peaks[0]["own"]
    assert len(own) == 150
    assert min(peak[1] for peak in own) > 60  # the strongest
    assert viewer.scores == [[400, 400, 400, 400]]


def test_arrays_reach_the_page_as_they_are_and_a_missing_reconstruction_as_nothing() -> None:
    viewer = XrdViewer([SALT, MODEL], reconstructions=[None, SALT])
    state = viewer.get_state(["profiles", "reconstructions"])
    assert state["profiles"]["dtype"] == "float32"
    assert state["profiles"]["shape"] == [2, 1601]
    sent = np.frombuffer(state["profiles"]["data"], "<f4").reshape(2, 1601)
    assert np.array_equal(sent, np.array([SALT, MODEL], np.float32))
    rows = np.frombuffer(state["reconstructions"]["data"], "<f4").reshape(2, 1601)
    assert np.isnan(rows[0]).all()
    assert np.array_equal(rows[1], SALT.astype(np.float32))
    assert viewer.names == ["pattern 1", "pattern 2"]
    assert viewer.reconstruction_names == ["", "pattern 2, reconstruction"]


def decode(z: np.ndarray) -> dict[str, Any]:
    if z[0] > 9:
        raise InputError("9 is too far")
    known = {"formula": "NaCl", "profile": SALT}
    return {"formula": f"X{z[0]:g}", "profile": drawn((30 + z[0], 1.0)), "note": "a sample", "nearest": known}


def test_a_latent_vector_shows_its_pattern_beside_the_nearest_known() -> None:
    viewer = XrdViewer(MODEL, names="mine", decode=decode, find=xrd.find_peaks)
    viewer.hidden = [0]
    assert viewer.links() == {"latent": ("latent", "in")}
    viewer.latent = [1.7, 0.0]
    assert viewer.names == ["NaCl", "mine"]
    assert viewer.reconstruction_names == ["X1.7", ""]
    assert (viewer.at, viewer.hidden, viewer.note) == (0, [1], "a sample")
    assert viewer.scores[0] == [1, 4, 1, 1]
    assert np.allclose(viewer.reconstructions[0], drawn((31.7, 1.0)), atol=1e-6)
    viewer.hidden = []
    viewer.latent = [2.0, 0.0]
    assert (viewer.names, viewer.hidden) == (["NaCl", "mine"], [])
    assert viewer.reconstruction_names == ["X2", ""]


def test_what_decode_raises_is_shown_and_goes_away() -> None:
    viewer = XrdViewer(two_theta=GRID, decode=decode)
    assert repr(viewer) == "XrdViewer(nothing decoded yet)"
    assert "nothing decoded yet" in viewer.static_svg()
    viewer.latent = [10.0]
    assert viewer.error == "9 is too far"
    assert viewer.names == []
    viewer.latent = [1.0]
    assert (viewer.error, viewer.names) == ("", ["NaCl"])


def test_a_step_of_a_search_shows_its_pattern() -> None:
    viewer = XrdViewer(
        two_theta=GRID, by_step=lambda step: {"formula": f"trial{step}", "profile": drawn((30 + step, 1))}
    )
    assert viewer.links() == {"trial": ("trial", "in")}
    viewer.trial = 3
    assert (viewer.names, viewer.note) == (["trial3"], "best after 3 trials")
    assert GRID[viewer.profiles[0].argmax()] == pytest.approx(33)
    viewer.trial = -1  # nothing is looked at: what was shown stays
    assert viewer.names == ["trial3"]


def test_a_hand_passing_over_is_shown_without_being_kept() -> None:
    viewer = XrdViewer(two_theta=GRID, decode=decode, find=xrd.find_peaks)
    viewer.latent = [1.0]
    saved = viewer.saved
    sent: list[Any] = []
    viewer.send = lambda content, buffers=None: sent.append(content)  # type: ignore[method-assign]
    viewer._receive(
        viewer, {"type": "request", "kind": "decode", "id": "1", "n": 1, "data": {"latent": [3.0]}}
    )
    assert sent == [{"type": "reply", "kind": "decode", "id": "1", "data": {}}]
    assert viewer.reconstruction_names == ["X3"]
    assert viewer.latent == [1.0]
    assert viewer.saved is saved


def test_a_pattern_can_be_added() -> None:
    viewer = compared()
    viewer.add(MODEL, "measured")
    assert viewer.names == ["NaCl", "measured"]
    assert len(viewer.peaks[1]["own"]) == 3
    with pytest.raises(InputError, match="has the shape"):
        viewer.add(MODEL[:-1], "short")
    assert viewer.names == ["NaCl", "measured"]


def heights(text: str, top: float) -> np.ndarray:
    return top * (np.frombuffer(base64.b64decode(text), np.uint8) / 255) ** 2


def test_a_saved_notebook_keeps_the_curves_a_byte_a_point() -> None:
    viewer = compared()
    saved = viewer.saved
    assert (saved["n"], saved["stretch"]) == (1601, 1)
    for text, curve in ((saved["profiles"][0], SALT), (saved["reconstructions"][0], MODEL)):
        apart = np.sqrt(heights(text, saved["top"])) - np.sqrt(curve)
        assert np.abs(apart).max() <= 0.51 / 255 * np.sqrt(saved["top"]) + 1e-3


def test_snapshots_stay_small_with_all_that_can_be_shown() -> None:
    many = xrd.Peaks(np.linspace(12, 88, 300), np.linspace(1, 100, 300))
    viewer = XrdViewer(
        [SALT] * 11, reconstructions=[MODEL] * 11, peaks=[many] * 11, reconstruction_peaks=[many] * 11,
        decode=decode, find=lambda _profile: many,
    )  # fmt: skip
    viewer.latent = [0.5] * 88
    data, _ = viewer._repr_mimebundle_()  # type: ignore[misc]
    state = data["application/vnd.matwidgets.xrd_viewer+json"]
    assert len(json.dumps(state)) <= SNAPSHOT_LIMIT
    assert len(state["state"]["saved"]["profiles"]) == 12
    # No peak is lost where points are joined.
    joined = heights(state["state"]["saved"]["profiles"][1], viewer.saved["top"])
    assert joined.max() == pytest.approx(SALT.max(), abs=0.02)
    assert state["state"]["saved"]["stretch"] > 1


def test_picture_has_the_peaks_in_three_shapes_and_the_score_in_words() -> None:
    picture = compared(label="Salt & <more>").static_svg()
    root = ET.fromstring(picture)
    text = " ".join(root.itertext())
    assert "Salt & <more>" in text
    assert "Recall 2 of 4 peaks (50\u00a0%); precision 2 of 3 peaks (67\u00a0%)" in text
    assert "Residual: NaCl less reconstruction" in text
    stacked = XrdViewer([SALT, MODEL], names=["a", "b"])
    flat = stacked.static_svg()
    stacked.stacked, stacked.scale = True, "sqrt"
    assert "Square root of intensity" in stacked.static_svg()
    height = [float(ET.fromstring(p).attrib["height"]) for p in (flat, stacked.static_svg())]
    assert height[1] > height[0]


def test_traits_say_what_they_are() -> None:
    own = set(XrdViewer.class_traits(sync=True)) - set(XrdViewer.__mro__[2].class_traits(sync=True))
    assert all(XrdViewer.class_traits()[name].help for name in own if not name.startswith("_"))


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "A viewer got no patterns: give profiles, or decode or by_step"),
    ({"profiles": []}, "A viewer got no intensities"),
    ({"profiles": 3.0}, "A viewer got no intensities"),
    ({"profiles": "NaCl"}, "The pattern 'pattern' is no array of numbers"),
    ({"profiles": [SALT, SALT[:-1]]}, "The pattern 'pattern 2' has the shape (1600,): give 1601 intensities"),
    ({"profiles": [SALT] * 12}, "A viewer got 12 patterns: give at most 11"),
    ({"profiles": -SALT}, "The pattern 'pattern' is negative (-1 at point 434)"),
    ({"profiles": np.where(GRID > 50, np.nan, SALT)}, "The pattern 'pattern' has 800 intensities that are no num"),
    ({"profiles": SALT, "reconstructions": MODEL[:5]}, "The pattern 'reconstruction' has the shape (5,)"),
    ({"profiles": SALT, "two_theta": GRID[1:]}, "two_theta has 1600 angles, the patterns have 1601 points"),
    ({"profiles": SALT, "two_theta": GRID[::-1]}, "two_theta goes from 90 to 10"),
    ({"profiles": SALT, "two_theta": GRID**2}, "two_theta goes from 100 to 8100"),
    ({"decode": decode}, "A viewer without patterns got no two_theta"),
    ({"profiles": SALT, "peaks": [1, 2, 3]}, "The peaks of 'pattern' are list: give two_theta (degrees) and"),
    ({"profiles": SALT, "peaks": ([1, 2], [3])}, "The peaks of 'pattern' have (2,) angles and (1,) intensities"),
    ({"profiles": SALT, "peaks": ([20, 30], [3, -1])}, "The peaks of 'pattern' go from 20 to 30 degrees with int"),
    ({"profiles": SALT, "scale": "log"}, "The viewer's scale is 'log': give linear or sqrt"),
    ({"profiles": SALT, "axis": "theta"}, "The viewer's axis is 'theta': give two_theta or d or q"),
    ({"profiles": SALT, "wavelength": 0.0}, "The viewer's wavelength is 0.0: give a positive number of angstrom"),
    ({"profiles": SALT, "wavelength": "MoKa"}, "The viewer's wavelength is 'MoKa': give a positive number"),
    ({"profiles": SALT, "least": 100}, "The viewer's least is 100: give a share of the strongest peak from 0"),
    ({"profiles": SALT, "within": np.nan}, "The viewer's within is nan: give a positive number of degrees"),
    ({"profiles": [SALT, MODEL], "names": ["a"]}, "A viewer got 1 as names of 2 patterns: give one for each"),
    ({"profiles": [SALT, MODEL], "names": "ab"}, "A viewer got 'ab' as names of 2 patterns: give one for each"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_what_cannot_be_shown_is_said_in_one_line(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as raised:
        XrdViewer(**arguments)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("trait", "value", "message"),
    [
        ("at", 1, "There is no pattern 1: give 0 to 0"),
        ("hidden", [4], "There are no patterns [4] to hide"),
        ("window", [50.0, 20.0], "The window got [50.0, 20.0]: give two angles from 10 to 90"),
        ("cursor", 95.0, "The cursor got 95.0: give an angle from 10 to 90"),
        ("latent", [float("nan")], "The latent vector has numbers that do not exist"),
    ],
)
def test_what_is_not_allowed_is_refused(trait: str, value: Any, message: str) -> None:
    viewer = compared()
    before = getattr(viewer, trait)
    with pytest.raises(InputError) as raised:
        setattr(viewer, trait, value)
    assert str(raised.value).startswith(message)
    viewer.set_state({trait: value})  # and from the page: told there, and taken back
    assert viewer.error.startswith(message)
    assert getattr(viewer, trait) == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("TiC", "decode returned str: give a mapping with 'profile'"),
        ({"formula": "TiC"}, "decode returned dict: give a mapping with 'profile'"),
        ({"profile": SALT[:9]}, "The pattern 'nothing' has the shape (9,): give 1601 intensities"),
        ({"profile": SALT, "nearest": "NaCl"}, "decode returned str as nearest: give a mapping"),
    ],
)
def test_what_decode_must_not_return_is_told(given: Any, message: str) -> None:
    viewer = XrdViewer(two_theta=GRID, decode=lambda _z: given)
    viewer.latent = [0.0]
    assert viewer.error.startswith(message)


# -- links


def explorer(n: int = 40) -> LatentExplorer:
    rows = np.random.default_rng(1).normal(size=(n, 5))
    return LatentExplorer(project(rows), decode=lambda vectors: [{"formula": "X"} for _ in vectors])


def test_a_link_gives_the_latent_vector_under_the_cursor() -> None:
    a, b = explorer(), XrdViewer(two_theta=GRID, decode=decode)
    a.go_to(3)
    linked = link(a, b)
    assert linked.topics == ["latent"]
    (connection,) = linked._links
    assert type(connection) is ipywidgets.widgets.widget_link.DirectionalLink
    assert (connection.source, connection.target) == ((a, "latent"), (b, "latent"))
    own = a._latent[3]  # the row's own vector, not its place in the plane
    assert b.latent == pytest.approx(own.tolist())
    assert b.reconstruction_names == [f"X{own[0]:g}"]
    assert a.group == b.group != ""
    a.cursor = []
    assert a.latent == []


def test_a_place_of_the_plane_has_its_latent_vector() -> None:
    a = explorer()
    a.cursor = [0.25, -0.5]
    assert a._plane.places(np.array([a.latent]))[0] == pytest.approx([0.25, -0.5])
    assert len(a.latent) == 5


def test_a_preview_of_a_linked_explorer_tells_the_vector_and_commits_nothing() -> None:
    a = explorer()
    link(a, XrdViewer(two_theta=GRID, decode=decode))
    told = a._preview({"xy": [0.25, -0.5]})
    assert a._plane.places(np.array([told["latent"]]))[0] == pytest.approx([0.25, -0.5])
    assert a.latent == []
    assert "latent" not in explorer()._preview({"xy": [0.25, -0.5]})  # nobody would hear it


class Search:
    """Five steps of growing hardness."""

    def __init__(self) -> None:
        self.past: list[Record] = []
        self.step = -1

    @property
    def finished(self) -> bool:
        return self.step == 4

    def advance(self) -> Record:
        self.step += 1
        values = {"hardness": float(self.step)}
        return {"step": self.step, "loss": 0.0, "values": values, "std": {}, "fractions": [0.5, 0.5]}

    def result(self) -> None:
        return None

    def save(self, _path: Path) -> None:
        """Nothing is kept."""


def test_a_link_to_a_tracker_gives_the_step_that_is_looked_at() -> None:
    objective = {
        "property": "hardness",
        "direction": "maximize",
        "weight": 1.0,
        "unit": "GPa",
        "label": "Hardness",
    }
    meta = {"elements": ["Ti", "C"], "objectives": [objective], "n_starts": 1}
    run = Run(Search, title="search", kind="design", total=5, meta=meta)
    tracker = OptimizationTracker(run)
    shown: list[int] = []

    def by_step(step: int) -> dict[str, Any]:
        shown.append(step)
        return {"formula": f"trial{step}", "profile": drawn((30 + step, 1))}

    viewer = XrdViewer(two_theta=GRID, by_step=by_step)
    assert link(tracker, viewer).topics == ["trial"]
    assert shown == []  # nothing has run
    run.start().wait(20)
    assert tracker.settle(20)
    tracker.cursor = 2.0
    assert tracker.trial == 2
    link(tracker, viewer)  # in a page the link itself hands the step on
    assert (viewer.trial, viewer.names, shown) == (2, ["trial2"], [2])
    tracker.close()


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        (
            lambda: (explorer(), XrdViewer(SALT)),
            "LatentExplorer and XrdViewer have nothing in common to link",
        ),
        (
            lambda: (explorer(), XrdViewer(two_theta=GRID, by_step=lambda _s: {})),
            "LatentExplorer and XrdViewer have nothing in common to link",
        ),
    ],
)
def test_a_viewer_without_the_callable_cannot_be_linked(ends: Any, message: str) -> None:
    with pytest.raises(InputError) as raised:
        link(*ends())
    assert str(raised.value).startswith(message)
