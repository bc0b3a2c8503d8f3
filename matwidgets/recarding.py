"""Measure finished weights again without training: calibration, domain and errors, written into file and model card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matwidgets.assessment import assess
from matwidgets.errors import InputError
from matwidgets.training import cards
from matwidgets.training import members as ensembles
from matwidgets.trainings import as_table, published_tables

GROUPED = (
    "split",
    "preset",
    "val_mae_members",
    "val_mae_ensemble",
    "test_mae_members",
    "test_mae_ensemble",
    "command",
)


def recard(path: str | Path, *, grouped: str | Path | None = None) -> dict[str, Any]:
    """Renew what a card says was measured; the weights stay bit by bit.

    Factors and limits come from the validation rows, and the test rows are looked at once, at the end: once for every
    release of weights.

    Parameters
    ----------
    path : path
        A model of a published property.
    grouped : path, optional
        A model of the same property trained with ``split="grouped"``, whose errors go beside those of the published
        split; without it those in the card stay.

    Returns
    -------
    dict
        The new card.

    Raises
    ------
    InputError
        If a model was trained on a user's table, or ``grouped`` on another property or split.
    CheckpointError
        If a file cannot be read.
    MissingTableError
        If the property's tables are not on this machine.
    """
    path = Path(path)
    members, _, card = ensembles.read(path)
    if card["split"] != "published":
        raise InputError(
            f"{path.name} was trained on the split {card['split']!r}; only models of the published splits can be "
            "measured again: give one of these"
        )
    if grouped is not None:
        card["grouped"] = _grouped(Path(grouped), card["property"])
    tables, _ = published_tables(card["property"])
    train, val, test = (as_table(tables[name]) for name in ("train", "val", "test"))
    predictor = assess(members, card, train, val, test)
    ensembles.write(path, members, predictor.domain, predictor.card)
    cards.write_readme(path.parent)
    return predictor.card


def _grouped(path: Path, name: str) -> dict[str, Any]:
    card = ensembles.read(path)[2]
    if card["property"] != name or not card["split"].startswith("grouped"):
        raise InputError(
            f"{path.name} is a model of {card['property']} on the split {card['split']!r}; give one of {name} that was "
            "trained with split='grouped'"
        )
    return {key: card[key] for key in GROUPED}
