"""The recorded folds: what is there is kept, what is missing is fitted, and other latents are refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from matwidgets.errors import InputError
from matwidgets.features.composition_vectors import fraction_vectors
from matwidgets.papers import dual_vae_boosting as boosting
from matwidgets.papers import dual_vae_folds as folds
from matwidgets.papers.dual_vae_boosting import FRACTIONS, LATENTS
from matwidgets.papers.dual_vae_endpoints import Encoded, endpoint

QUICK = boosting.Settings(rate=0.3, iterations=5)
FORMULAS = [
    f"{a}{b}" for a in ("Na", "K", "Li", "Ca", "Ti", "Fe", "Cu", "Zn") for b in ("O", "S", "F", "Cl", "N")
]


def table(seed: int = 0) -> Encoded:
    latents = np.random.default_rng(seed).standard_normal((len(FORMULAS), 88)).astype(np.float32)
    frame = pd.DataFrame({"formula": FORMULAS, "bulk_modulus": 100 + 50 * latents[:, 0]})
    return Encoded(frame, latents, fraction_vectors(FORMULAS))


@pytest.fixture
def quick(monkeypatch):
    """The same plan with models of a moment."""
    methods = {name: (model, QUICK) for name, (model, _) in folds.METHODS.items()}
    monkeypatch.setattr(folds, "METHODS", methods)
    monkeypatch.setattr(folds, "ENDPOINTS", (endpoint("bulk_modulus"), endpoint("insulator")))


def test_recording_goes_on_where_it_was_stopped(tmp_path, quick):
    out, tables = tmp_path / "folds.json", {"aflow": table()}
    first = folds.record(tables, out, "a command", folds=2, at_most=0.0)
    assert len(first["rows"]) == 1
    done = folds.record(tables, out, "a command", folds=2)
    assert done["rows"][0] == first["rows"][0]
    kept = out.read_bytes()
    assert folds.record(tables, out, "a command", folds=2)["rows"] == done["rows"]
    assert out.read_bytes() == kept
    keys = [(r["endpoint"], r["split"], r["inputs"], r["method"], r["fold"]) for r in done["rows"]]
    planned = list(folds.plan([endpoint("bulk_modulus")]))
    assert len(keys) == len(set(keys)) == 2 * len(planned)
    assert json.loads(out.read_text())["latents"] == {"aflow": table().fingerprint}


def test_recording_refuses_a_file_of_other_latents(tmp_path, quick):
    out = tmp_path / "folds.json"
    folds.record({"aflow": table()}, out, "a command", folds=2, at_most=0.0)
    with pytest.raises(InputError, match="holds fits with latents"):
        folds.record({"aflow": table(1)}, out, "a command", folds=2)
    with pytest.raises(InputError, match="holds fits with seed"):
        folds.record({"aflow": table()}, out, "a command", folds=2, seed=1)


def test_summary_pairs_folds_with_the_fractions():
    fits = [
        folds.Fit("bulk_modulus", "row", name, "boosting", k, 10, {"mae": value}, 0.1)
        for name, values in ((LATENTS, (3.0, 5.0)), (FRACTIONS, (2.0, 2.0)))
        for k, value in enumerate(values)
    ]
    found = folds.summary(fits).set_index("inputs")
    assert found.loc[LATENTS, ["mean", "gap"]].tolist() == [4.0, -2.0]
    assert found.loc[LATENTS, "std"] == pytest.approx(np.sqrt(2)) and found.loc[FRACTIONS, "gap"] == 0


def test_the_command_names_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("matwidgets.papers.dual_vae.have_tables", lambda: False)
    assert folds.main(["--out", str(tmp_path / "folds.json")]) == 1
    assert "matwidgets data fetch" in capsys.readouterr().err and not list(tmp_path.iterdir())
