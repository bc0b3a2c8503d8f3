"""Model cards: shipped models and those of which only the card is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import matwidgets as mw
from matwidgets.training import cards


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    rows = [
        (a + b, float(i))
        for i, (a, b) in enumerate((a, b) for a in ("Li", "Na", "K", "Rb") for b in ("F", "Cl"))
    ]
    frame = pd.DataFrame(rows * 2, columns=["formula", "target"])
    result = mw.train(frame=frame, target="hardness", epochs=1, members=1, out=folder).wait(120)
    return Path(result.path)


def test_a_card_without_its_weights_says_so(weights: Path, tmp_path: Path) -> None:
    kept = cards.record(weights, tmp_path)
    assert kept.name == "hardness.card.json" and kept.stat().st_size < 20_000
    text = cards.write_readme(tmp_path).read_text("utf-8")
    megabytes = weights.stat().st_size / 1e6
    assert f"its weights, {megabytes:.0f} MB in half precision, are not shipped" in text
    whole = cards.write_readme(weights.parent).read_text("utf-8")
    assert f"half precision, {megabytes:.2f} MB" in whole
    # All else is the same card.
    differing = [a for a, b in zip(text.splitlines(), whole.splitlines(), strict=True) if a != b]
    assert len(differing) == 2 and differing[0].startswith("## hardness (`hardness.card.json`)")


def test_epochs_and_wall_time_stand_in_the_card(weights: Path) -> None:
    seconds = json.loads(cards.record(weights, weights.parent).read_text("utf-8"))["card"]["seconds"]
    assert 0 < seconds < 120
    line = next(
        x for x in cards.write_readme(weights.parent).read_text("utf-8").splitlines() if "wall time" in x
    )
    assert line.startswith("* epochs: 1; trained in ")
