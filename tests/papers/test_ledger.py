"""Verdicts are computed by rule; the document is what CONTRACTS-readers get."""

import json

import pytest

from matwidgets.errors import InputError
from matwidgets.papers import Claim, Finding, Ledger, verdict
from matwidgets.papers.ledger import MIME, VERDICTS

KEYS = {
    "id", "quantity", "unit", "published", "where", "here", "control", "control_is", "tolerance",
    "tolerance_reason", "protocol", "recorded", "verdict", "why",
}  # fmt: skip


def claim(name: str = "modulus", published: object = 100.0, **changes: object) -> Claim:
    entries = {
        "quantity": "bulk modulus", "unit": "GPa", "where": "Fig. 1", "tolerance": 5.0,
        "control_is": "the mean", "tolerance_reason": "two standard deviations", "protocol": "predicted",
    }  # fmt: skip
    return Claim(id=name, published=published, **{**entries, **changes})


@pytest.mark.parametrize(
    ("published", "here", "tolerance", "control", "relation", "expected"),
    [
        (100.0, 104.0, 5.0, 50.0, "equal", "reproduced"),
        (100.0, 105.0, 5.0, 50.0, "equal", "reproduced"),
        (100.0, 108.0, 5.0, 50.0, "equal", "close"),
        (100.0, 110.1, 5.0, 50.0, "equal", "not reproduced"),
        (100.0, 104.0, 5.0, 96.0, "equal", "holds trivially"),
        (100.0, 108.0, 5.0, 100.0, "equal", "close"),  # a control cannot make a near miss trivial
        (100.0, None, 5.0, 100.0, "equal", "not attempted"),
        ((90.0, 110.0), 113.0, 5.0, 50.0, "equal", "reproduced"),
        ((90.0, 110.0), (112.0, 130.0), 5.0, 50.0, "equal", "reproduced"),
        (60.0, 2.0, 0.0, 90.0, "at most", "reproduced"),
        (60.0, 2.0, 0.0, 3.0, "at most", "holds trivially"),
        (60.0, 61.0, 0.0, 90.0, "at most", "not reproduced"),
        (1e12, 2e12, 0.0, 1e6, "at least", "reproduced"),
        (1e12, 1e10, 0.0, 1e6, "at least", "not reproduced"),
        ("rises", "rises", None, "falls", "equal", "reproduced"),
        ("rises", "rises", None, "rises", "equal", "holds trivially"),
        ("rises", "falls", None, "rises", "equal", "not reproduced"),
    ],
)
def test_a_verdict_follows_the_rule(published, here, tolerance, control, relation, expected):
    assert verdict(published, here, tolerance, control, relation) == expected
    assert expected in VERDICTS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((100.0, 104.0, 5.0, None), r"A finding \(104.0\) came without a control; compute one"),
        ((100.0, 104.0, None, 50.0), "The tolerance is None; a number needs one"),
        ((100.0, float("nan"), 5.0, 50.0), "nan is no finite number"),
        ((100.0, "high", 5.0, 50.0), "'high' cannot be compared with 100.0"),
        (((3.0, 1.0), 2.0, 5.0, 50.0), "no finite number or .low, high."),
    ],
)
def test_what_cannot_be_judged_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        verdict(*arguments)


def test_a_number_recorded_at_training_time_earns_no_verdict():
    ledger = Ledger("toy", (claim(recorded={"value": 100.0, "where": "the model card"}),))
    row = ledger.to_json()["claims"][0]
    assert row["verdict"] == "not attempted"
    assert row["here"] is None
    assert row["recorded"] == {"value": 100.0, "where": "the model card"}


def test_the_document_has_every_key_and_survives_json():
    ledger = Ledger("toy", (claim(), claim("later", planned=True), claim("range", (90.0, 110.0))), seed=3)
    ledger.enter(modulus=Finding(101.0, 50.0, "one seed"), range=Finding((95.0, 99.0), 10.0))
    ledger.data.append({"name": "bulk_modulus/train", "sha256": "ab", "rows": 3})
    document = json.loads(json.dumps(ledger.to_json(), allow_nan=False))
    assert list(document) == [
        "schema", "paper", "preset", "seed", "data", "versions", "wall_s", "peak_rss_mb", "claims"
    ]  # fmt: skip
    assert all(set(row) == KEYS for row in document["claims"])
    assert document["claims"][2]["here"] == [95.0, 99.0]
    assert [row["verdict"] for row in document["claims"]] == ["reproduced", "not attempted", "reproduced"]
    again = Ledger.from_json(document, ledger.claims)
    assert again.to_json() == document
    assert again.tally() == {"reproduced": 2, "not attempted": 1}


def test_entering_a_finding_checks_it():
    ledger = Ledger("toy", (claim(), claim("later", planned=True)))
    with pytest.raises(InputError, match="toy has no claim 'taste'; it has modulus, later"):
        ledger.enter(taste=Finding(1.0, 1.0))
    with pytest.raises(InputError, match=r"Claim 'later' is marked planned; remove that mark in toy\.toml"):
        ledger.enter(later=Finding(1.0, 1.0))
    with pytest.raises(InputError, match="without a control"):
        ledger.enter(modulus=Finding(1.0, None))
    assert ledger.findings == {}


def test_a_document_of_another_schema_or_with_a_claim_missing_is_refused():
    ledger = Ledger("toy", (claim(),))
    with pytest.raises(InputError, match="schema 9; this version reads 1"):
        Ledger.from_json({**ledger.to_json(), "schema": 9}, ledger.claims)
    with pytest.raises(InputError, match="lacks the claims other"):
        Ledger.from_json(ledger.to_json(), (claim("other"),))


def test_the_text_says_of_a_bound_only_whether_it_is_kept():
    quick = claim("quick", 60.0, unit="s", relation="at most", tolerance=0.0, digits=0)
    first, second = Ledger("toy", (quick,)), Ledger("toy", (quick,))
    first.enter(quick=Finding(1.2, 90.0))
    second.enter(quick=Finding(3.4, 95.0))
    assert first.text() == second.text()
    assert "≤ 60" in first.text()
    assert "> 60" in first.text()


def test_an_output_holds_the_document_and_the_text():
    ledger = Ledger("toy", (claim(),))
    ledger.enter(modulus=Finding(101.0, 50.0, "one seed"))
    bundle = ledger._repr_mimebundle_()
    assert bundle[MIME] == ledger.to_json()
    assert bundle["text/plain"] == ledger.text()
    assert "✓ reproduced" in ledger.text()
    assert len(json.dumps(bundle[MIME])) < 50_000


def test_a_claim_without_tolerance_or_with_an_unknown_relation_is_refused():
    with pytest.raises(InputError, match="publishes a number without a tolerance"):
        claim(tolerance=None)
    with pytest.raises(InputError, match="relation 'about' is unknown; use equal, at most or at least"):
        claim(relation="about")
