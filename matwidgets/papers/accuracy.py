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
}


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


def updated(text: str) -> str:
    """Put the present table between the markers of a README."""
    return between(text, BEGIN, END, table())


def _short(value: float) -> str:
    return f"{value:.3g}" if value >= 1e-3 else f"{value:.2e}".replace("e-0", "e-")
