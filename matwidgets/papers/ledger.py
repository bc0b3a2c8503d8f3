"""The ledger: what a paper states, what this run finds, what the simplest control gives, a verdict by rule.

Verdicts are computed, never typed in. A claim that a control satisfies as well as the model does "holds
trivially"; one without a number computed in this run is "not attempted", whatever was recorded earlier.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matwidgets.errors import InputError
from matwidgets.papers.claims import Claim, Finding, Relation, Value, gap, interval
from matwidgets.papers.ledger_table import as_text

MIME = "application/vnd.matwidgets.ledger+json"
SCHEMA = 1
VERDICTS = ("reproduced", "close", "not reproduced", "holds trivially", "not attempted")


def verdict(
    published: Value,
    here: Value | None,
    tolerance: float | None = None,
    control: Value | None = None,
    relation: Relation = "equal",
) -> str:
    """Judge a finding.

    Parameters
    ----------
    published, here, control : float, (low, high), str or None
        ``here`` None means that nothing was computed.
    tolerance : float, optional
        A deviation up to it counts as reproduced, up to twice it as close. Needed for numbers.
    relation : {"equal", "at most", "at least"}
        Reading of ``published``; a finding on the allowed side has no deviation.

    Returns
    -------
    str
        One of ``VERDICTS``. "holds trivially" if the control passes the same test that the finding passes.

    Raises
    ------
    InputError
        If a finding comes without a control, a number without a tolerance, or a value that is not finite.
    """
    if here is None:
        return "not attempted"
    if control is None:
        raise InputError(f"A finding ({here!r}) came without a control; compute one, or leave both None")
    level = _level(published, here, tolerance, relation)
    if level == "reproduced" and _level(published, control, tolerance, relation) == "reproduced":
        return "holds trivially"
    return level


def _level(published: Value, found: Value, tolerance: float | None, relation: Relation) -> str:
    if isinstance(published, str) or isinstance(found, str):
        if not (isinstance(published, str) and isinstance(found, str)):
            raise InputError(
                f"{found!r} cannot be compared with {published!r}; give both as text or both as numbers"
            )
        return "reproduced" if found == published else "not reproduced"
    if tolerance is None or not tolerance >= 0:
        raise InputError(f"The tolerance is {tolerance!r}; a number needs one that is zero or more")
    deviation = gap(interval(published), interval(found), relation)
    if deviation <= tolerance:
        return "reproduced"
    return "close" if deviation <= 2 * tolerance else "not reproduced"


@dataclass
class Ledger:
    """All claims of a paper with what one run found.

    Attributes
    ----------
    paper, preset : str
    seed : int
    claims : tuple of Claim
    findings : dict of str to Finding
        By claim id; a claim without one is "not attempted".
    data : list of dict
        ``{"name", "sha256", "rows"}`` of every table that was read.
    versions : dict of str to str
    wall_s, peak_rss_mb : float or None
        Filled by ``reproduce``, which measures them from outside.
    """

    paper: str
    claims: tuple[Claim, ...]
    preset: str = "binder"
    seed: int = 0
    findings: dict[str, Finding] = field(default_factory=dict)
    data: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    wall_s: float | None = None
    peak_rss_mb: float | None = None

    def enter(self, **findings: Finding) -> None:
        """Write findings down, by claim id.

        Raises
        ------
        InputError
            If the paper has no such claim, if it is still planned, or if ``verdict`` refuses the finding.
        """
        known = {c.id: c for c in self.claims}
        for name, found in findings.items():
            if name not in known:
                raise InputError(f"{self.paper} has no claim {name!r}; it has {', '.join(known)}")
            if known[name].planned:
                raise InputError(f"Claim {name!r} is marked planned; remove that mark in {self.paper}.toml")
            self._judge(known[name], found)
            self.findings[name] = found

    def verdicts(self) -> dict[str, str]:
        """Verdict of each claim, by id."""
        return {c.id: self._judge(c, self.findings.get(c.id)) for c in self.claims}

    def tally(self) -> dict[str, int]:
        """Count the verdicts that occur, in the order of ``VERDICTS``."""
        counts = Counter(self.verdicts().values())
        return {v: counts[v] for v in VERDICTS if counts[v]}

    def to_json(self) -> dict[str, Any]:
        """Give the document that ``matwidgets reproduce`` writes."""
        return {
            "schema": SCHEMA,
            "paper": self.paper,
            "preset": self.preset,
            "seed": self.seed,
            "data": list(self.data),
            "versions": dict(self.versions),
            "wall_s": self.wall_s,
            "peak_rss_mb": self.peak_rss_mb,
            "claims": [self._row(c) for c in self.claims],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], claims: Sequence[Claim]) -> Ledger:
        """Read a document back; the paper's record gives what it does not hold (relation, digits).

        Raises
        ------
        InputError
            If it is of another schema or lacks a claim.
        """
        if document.get("schema") != SCHEMA:
            raise InputError(
                f"The ledger has schema {document.get('schema')!r}; this version reads {SCHEMA}: run it again"
            )
        rows = {row["id"]: row for row in document["claims"]}
        missing = [c.id for c in claims if c.id not in rows]
        if missing:
            raise InputError(
                f"The ledger of {document['paper']} lacks the claims {', '.join(missing)}: run it again"
            )
        found = {
            c.id: Finding(rows[c.id]["here"], rows[c.id]["control"], rows[c.id]["why"])
            for c in claims
            if not c.planned
        }
        measured = {name: document[name] for name in ("preset", "seed", "wall_s", "peak_rss_mb")}
        tables, used = list(document["data"]), dict(document["versions"])
        return cls(document["paper"], tuple(claims), findings=found, data=tables, versions=used, **measured)

    def text(self) -> str:
        """Show the table as plain text: rounded, without timings, equal wherever the same was found."""
        return as_text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {MIME: self.to_json(), "text/plain": self.text()}

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {v}" for v, n in self.tally().items())
        return f"<Ledger {self.paper}: {counts or 'no claims'}>"

    def _row(self, claim: Claim) -> dict[str, Any]:
        unknown = Finding(
            None, None, "no code computes it yet" if claim.planned else "not computed in this run"
        )
        found = self.findings.get(claim.id, unknown)
        return {
            "id": claim.id,
            "quantity": claim.quantity,
            "unit": claim.unit,
            "published": _plain(claim.published),
            "where": claim.where,
            "here": _plain(found.here),
            "control": _plain(found.control),
            "control_is": claim.control_is,
            "tolerance": claim.tolerance,
            "tolerance_reason": claim.tolerance_reason,
            "protocol": claim.protocol,
            "recorded": dict(claim.recorded) if claim.recorded else None,
            "verdict": self._judge(claim, found),
            "why": found.why,
        }

    @staticmethod
    def _judge(claim: Claim, found: Finding | None) -> str:
        if found is None:
            return "not attempted"
        return verdict(claim.published, found.here, claim.tolerance, found.control, claim.relation)


def _plain(value: Value | None) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (tuple, list)):
        return [float(v) for v in value]
    return float(value)
