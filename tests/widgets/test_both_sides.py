"""Python and TypeScript know the same: traits, elements, colours; and the built scripts keep their budget."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import matwidgets.widgets as widgets
from matwidgets.features import elements
from matwidgets.widgets._colours import PALETTE, SYMBOLS, field_colour
from matwidgets.widgets._pictures import place
from matwidgets.widgets.base import STATIC, MatWidget

JS = Path(__file__).resolve().parents[2] / "js"
CLASSES: list[type[MatWidget]] = [
    getattr(widgets, name) for name in widgets.__all__ if isinstance(getattr(widgets, name), type)
]
HOST_TRAITS = {"layout", "tabbable", "tooltip", "comm", "keys"}


def test_every_widget_is_there() -> None:
    assert len(CLASSES) >= 6
    stems = {widget.stem for widget in CLASSES}
    assert stems == {path.stem for path in (JS / "src" / "widgets").glob("*.ts")}


@pytest.mark.parametrize("widget", CLASSES, ids=lambda widget: widget.__name__)
def test_script_and_class_name_the_same_traits(widget: type[MatWidget]) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node on the PATH to read the script's list of traits")
    address = json.dumps((STATIC / f"{widget.stem}.js").as_uri())
    code = f"import({address}).then((script) => console.log(JSON.stringify(script.TRAITS)))"
    done = subprocess.run([node, "-e", code], capture_output=True, text=True, check=True, timeout=60)
    synced = {name for name in widget.class_traits(sync=True) if not name.startswith("_")} - HOST_TRAITS
    assert set(json.loads(done.stdout)) == synced


@pytest.mark.parametrize("widget", CLASSES, ids=lambda widget: widget.__name__)
def test_script_is_small_and_asks_nothing_of_the_network(widget: type[MatWidget]) -> None:
    text = (STATIC / f"{widget.stem}.js").read_text(encoding="utf-8")
    assert len(gzip.compress(text.encode())) <= 90_000
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", text)) - {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xhtml",
    }
    assert not addresses
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\s*\(", text)


def test_scripts_together_keep_the_budget() -> None:
    assert sum(len(gzip.compress(path.read_bytes())) for path in STATIC.glob("*.js")) <= 350_000


def test_page_knows_the_same_elements() -> None:
    source = (JS / "src" / "shared" / "periodic.ts").read_text(encoding="utf-8")
    table = re.search(r"const TABLE = `(.+?)`", source, re.DOTALL)
    assert table is not None
    rows = [entry.split() for entry in table[1].split(",")]
    assert [row[0] for row in rows] == list(elements.SYMBOLS) == list(SYMBOLS)
    assert {row[0]: row[1] for row in rows} == elements.NAMES
    assert {row[0]: float(row[2]) for row in rows} == pytest.approx(elements.MASSES)
    for category in elements.CATEGORIES:
        named = re.search(rf'(?<![\w-]){category}"?: "([^"]+)"', source)
        if named:
            assert named[1].split() == [s for s in elements.SYMBOLS if elements.category(s) == category]
        else:
            assert category in {"transition metal", "lanthanide", "actinide"}


def test_pictures_put_the_elements_in_the_same_places() -> None:
    assert {symbol: place(symbol) for symbol in SYMBOLS} == elements.GRID


def test_pictures_have_the_colours_of_the_page() -> None:
    theme = (JS / "src" / "shared" / "theme.css").read_text(encoding="utf-8")
    light = theme[: theme.index('[data-mw-theme="dark"]')]
    assert tuple(re.findall(r"--mw-c\d+: (#[0-9a-f]{6})", light)) == PALETTE
    colours = (JS / "src" / "shared" / "colors.ts").read_text(encoding="utf-8")
    stops = re.search(r'VIRIDIS =\s*"([^"]+)"', colours)
    assert stops is not None
    expected = [f"#{stop}" for stop in stops[1].split()]
    assert [field_colour(i / (len(expected) - 1)) for i in range(len(expected))] == expected


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_of_elements_carry_text_in_both_themes() -> None:
    """WCAG AA: 4.5 : 1 for white letters on the light theme's colours and for black ones on the dark theme's."""
    theme = (JS / "src" / "shared" / "theme.css").read_text(encoding="utf-8")
    middle = theme.index('[data-mw-theme="dark"]')
    for part, ink in ((theme[:middle], 1.0), (theme[middle:], 0.0)):
        colours = re.findall(r"--mw-c\d+: (#[0-9a-f]{6})", part)
        assert len(colours) == 12
        for colour in colours:
            light, dark = sorted((_luminance(colour), ink), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, colour
