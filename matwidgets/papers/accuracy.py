"""The table of shipped models in README.md: our test error beside the published ones on the same test rows."""

from __future__ import annotations

from matwidgets.papers.readme import between
from matwidgets.predictors import bundled, load

BEGIN, END = "<!-- models: begin -->", "<!-- models: end -->"

# Mean absolute errors on the published test rows, as the authors' result tables state them: Roost, CrabNet, random
# forest (A. Y.-T. Wang et al., npj Comput. Mater. 7, 77 (2021)), in the property's unit.
PUBLISHED_MAE = {
    "bulk_modulus": ("8.82", "8.69", "11.91"),
    "shear_modulus": ("9.98", "9.08", "10.09"),
    "debye_temperature": ("37.2", "33.5", "36.5"),
    "thermal_conductivity": ("2.70", "2.32", "2.66"),
    "thermal_expansion": ("3.69e-6", "3.85e-6", "5.44e-6"),
    "band_gap": (".337", ".301", ".384"),
    "energy_per_atom": (".086", ".093", ".224"),
    "decomposition_energy": (".0669", ".0632", ".0759"),
    "formation_energy": (".0547", ".0593", ".0997"),
}

LEGEND = """\
What that is worth. A random split has compounds of the same elements on both sides; grouped by elements it has not,
which is the error on a new system (mean over the members alone; 70/15/15 of all published rows). The miscalibration
area lies between the share of errors that each stated interval holds and the share that it should hold: 0 is perfect,
0.5 the worst; the band gap's stays large because half of its compounds are metals, predicted almost exactly, and no
factor fits both halves (its 90 % interval does hold 90 %). `in_domain` calls one in twenty validation rows outside,
so that the share of test rows called outside is its rate of false alarms; mean absolute errors inside and outside say
whether it is right."""


def table(word: str = "crabnet") -> str:
    """Make the table: a row a property, the numbers of ours from the checkpoints' cards."""
    lines = [
        "| property | unit | test rows | ours (members alone) | Roost | CrabNet | random forest |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in bundled(word):
        card = load(word, name).card
        rows = next(d["rows"] for d in card["data"] if d["name"].endswith("/test"))
        low, high = min(card["test_mae_members"]), max(card["test_mae_members"])
        ours = f"**{_short(card['test_mae_ensemble'])}** ({_short(low)} to {_short(high)})"
        lines.append(
            f"| `{name}` | {card['unit']} | {rows} | {ours} | {' | '.join(PUBLISHED_MAE.get(name, ('–',) * 3))} |"
        )
    return "\n".join(lines)


def trust(word: str = "crabnet") -> str:
    """Make the second table: what the errors, uncertainties and the domain are worth, from the cards as well."""
    lines = [
        "| property | one member, random split | one member, grouped by elements | miscalibration area "
        "| within the 90 % interval | called outside | error inside | error outside |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in bundled(word):
        card = load(word, name).card
        random, grouped = (_mean(part.get("test_mae_members")) for part in (card, card.get("grouped", {})))
        found = card.get("uncertainty", {}).get("test", {})
        percent = [_percent(found.get(key)) for key in ("coverage90", "in_domain_false_alarm")]
        inside, outside = (_number(found.get(f"mae_{side}")) for side in ("inside", "outside"))
        area = f"{found['miscalibration_area']:.3f}" if found else "–"
        lines.append(
            f"| `{name}` | {random} | {grouped} | {area} | {' | '.join(percent)} | {inside} | {outside} |"
        )
    return "\n".join(lines)


def updated(text: str) -> str:
    """Put the present tables between the markers of a README."""
    return between(text, BEGIN, END, f"{table()}\n\n{LEGEND}\n\n{trust()}")


def _mean(values: list[float] | None) -> str:
    return _number(sum(values) / len(values) if values else None)


def _number(value: float | None) -> str:
    return "–" if value is None else _short(value)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _short(value: float) -> str:
    return f"{value:.3g}" if value >= 1e-3 else f"{value:.2e}".replace("e-0", "e-")
