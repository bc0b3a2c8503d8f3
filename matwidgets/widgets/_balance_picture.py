"""The picture of a decomposition for readers without JavaScript: a scale, its pans loaded with coloured fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from matwidgets.widgets._balance import energy_text
from matwidgets.widgets._colours import PALETTE, element_colours
from matwidgets.widgets._pictures import drawing, sentence, text

WIDTH, PAN, HEIGHT = 720.0, 280.0, 110.0
_LEFT, _RIGHT, _MIDDLE = 24.0, WIDTH - 24.0 - PAN, WIDTH / 2
_LEVEL = 280.0  # of both pans when the beam is level
MOST_DIP = 24.0  # of a pan, however large the energy
HALF_DIP = 0.05  # eV/atom that tilts the beam half as far as it goes
_LINE = "#8b9099"


def dip(record: Mapping[str, Any]) -> float:
    """How far the compound's pan stands above the middle (the other as far below); less is lower in energy."""
    if record["energy"] is None:
        return 0.0
    above = float(record["energy"] - record["mixture_energy"])
    return MOST_DIP * above / (abs(above) + HALF_DIP)


def balance_picture(
    record: Mapping[str, Any], elements: Sequence[str], *, title: str, latent_label: str
) -> str:
    """Return the scale, and under it the weights of the products and how near their sum is in the latent space."""
    colours = {symbol: PALETTE[index] for symbol, index in element_colours(elements).items()}
    order = [symbol for symbol in elements if symbol in record["fractions"]]
    rise, unit, products = dip(record), record["unit"], record["products"]
    left, right = _LEVEL - rise, _LEVEL + rise
    own = "not known" if record["energy"] is None else f"{energy_text(record['energy'])} {unit}"
    others = f"{energy_text(record['mixture_energy'])} {unit}"
    count = f"{len(products)} phases together" if len(products) > 1 else products[0]["shown"]
    whole = [(1.0, record["fractions"])]
    shares = [(part["amount"], part["fractions"]) for part in products]
    parts = [
        text(_LEFT, 30, sentence(title), size=13, weight=600),
        *(
            text(_LEFT, 56 + 21 * n, line, size=16, weight=650)
            for n, line in enumerate(wrap(record["verdict"]["text"], 68))
        ),
        *_load(_LEFT, left, whole, order, colours, record["shown"], own),
        *_load(_RIGHT, right, shares, order, colours, count, others),
        *_beam(left, right, held=record["energy"] is None),
    ]
    y = _LEVEL + 104
    for part in products:
        weight = f"{100 * part['amount']:.2f} %" + (f" = {part['ratio']}" if part["ratio"] else "")
        level = "" if part["energy"] is None else f"{energy_text(part['energy'])} {unit}"
        parts += [
            text(_LEFT, y, part["shown"], size=14, weight=600),
            text(_LEFT + 210, y, weight, size=14),
            *_bar(_LEFT + 400, y - 12, 120, part["fractions"], order, colours),
            text(WIDTH - 24, y, level, size=13, anchor="end"),
        ]
        y += 24
    key = "at.%: " + ", ".join(f"{symbol} {100 * record['fractions'][symbol]:.2f}" for symbol in order)
    source = f"Energies: {record['source']}" if record["source"] else ""
    notes = (key, record["closing"]["text"], latent_note(record, latent_label), source)
    for line in [line for words in notes for line in wrap(words, 100)]:
        parts.append(text(_LEFT, y + 6, line, size=12))
        y += 18
    return drawing(
        WIDTH, y + 6, parts, f"{sentence(title)} of {record['formula']}: {record['verdict']['text']}"
    )


def latent_note(record: Mapping[str, Any], label: str) -> str:
    """Say how near the compound's latent vector the weighted sum of its products' lies; empty without one."""
    latent = record["latent"]
    if latent is None or latent["cosine"] is None or latent["distance"] is None:
        return ""
    over = "spread" if latent["relative_to"] == "spread" else "compound's own length"
    return (
        f"{sentence(label)}: weighted sum beside {record['shown']}: cosine similarity {latent['cosine']:.3f}, "
        f"distance {latent['distance']:.3f} of the {over}."
    )


def _load(
    x: float,
    plate: float,
    columns: Sequence[tuple[float, Mapping[str, float]]],
    order: Sequence[str],
    colours: Mapping[str, str],
    name: str,
    energy: str,
) -> list[str]:
    """One pan: columns as wide as their weight, each divided by its atomic fractions, so that areas are atoms."""
    top = plate - HEIGHT
    parts = [
        text(x, top - 24, name, size=max(9.0, min(16.0, PAN / (0.68 * len(name)))), weight=650),
        text(x, top - 7, energy, size=13),
        f"<rect x='{x - 6:g}' y='{plate:.1f}' width='{PAN + 12:g}' height='5' rx='2.5' fill='#16181d'/>",
    ]
    at = x
    for weight, fractions in columns:
        width, y = PAN * weight, top
        for symbol in order:
            height = HEIGHT * fractions.get(symbol, 0.0)
            if height > 0:
                parts.append(_cell(at, y, width, height, colours[symbol]))
                if width >= 24 and height >= 16:
                    parts.append(_letter(at + width / 2, y + height / 2 + 5, symbol))
            y += height
        at += width
    return parts


def _bar(
    x: float,
    y: float,
    width: float,
    fractions: Mapping[str, float],
    order: Sequence[str],
    colours: Mapping[str, str],
) -> list[str]:
    parts, at = [], x
    for symbol in order:
        part = width * fractions.get(symbol, 0.0)
        if part > 0:
            parts.append(_cell(at, y, part, 15, colours[symbol]))
            if part >= 20:
                parts.append(_letter(at + part / 2, y + 12, symbol, size=11))
        at += part
    return parts


def _cell(x: float, y: float, width: float, height: float, fill: str) -> str:
    edge = "stroke='#ffffff' stroke-width='1'" if width > 3 and height > 3 else ""
    return f"<rect x='{x:.2f}' y='{y:.2f}' width='{width:.2f}' height='{height:.2f}' fill='{fill}' {edge}/>"


def _letter(x: float, y: float, symbol: str, size: float = 13) -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size:g}' text-anchor='middle' fill='#ffffff' "
        f"font-weight='650'>{symbol}</text>"
    )


def _beam(left: float, right: float, *, held: bool) -> list[str]:
    a, b = _LEFT + PAN / 2, _RIGHT + PAN / 2
    centre = _LEVEL + 26
    posts = "".join(
        f"<path d='M{x:g} {y + 3:.1f}V{y + 26:.1f}' stroke='#16181d' stroke-width='3'/>"
        for x, y in ((a, left), (b, right))
    )
    line = "stroke-width='3' stroke-dasharray='10 7'" if held else "stroke-width='5' stroke-linecap='round'"
    return [
        posts,
        f"<path d='M{a:g} {left + 26:.1f}L{b:g} {right + 26:.1f}' stroke='#16181d' {line}/>",
        f"<path d='M{_MIDDLE:g} {centre:g}L{_MIDDLE - 26:g} {centre + 44:g}H{_MIDDLE + 26:g}Z' fill='{_LINE}'/>",
        f"<circle cx='{_MIDDLE:g}' cy='{centre:g}' r='5' fill='#ffffff' stroke='#16181d' stroke-width='2.5'/>",
    ]
