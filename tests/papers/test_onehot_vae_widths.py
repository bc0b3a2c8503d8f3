"""Figure 5 as a command: what it writes, and what it does without the tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from matwidgets.papers.onehot_vae import WIDTHS as FIGURE_5
from matwidgets.papers.onehot_vae_widths import Sweep, main, record
from matwidgets.samplers import CHECKPOINTS
from matwidgets.training.generators import WIDTHS, write_readme
from matwidgets.training.vae import UNKNOWN, Table


def toy(rows: int, seed: int) -> Table:
    generator = torch.Generator().manual_seed(seed)
    counts = torch.zeros(rows, 89)
    counts[torch.arange(rows), torch.randint(5, (rows,), generator=generator)] = 1
    counts[torch.arange(rows), torch.randint(5, 9, (rows,), generator=generator)] = 2
    return Table(counts, torch.full((rows,), UNKNOWN))


def test_every_width_with_every_likelihood_is_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sweep = Sweep(likelihoods=("multinomial", "bernoulli"), widths=(4, 8), epochs=150, seed=3, samples=100)
    found = record(toy(60, 0), toy(30, 1), sweep, tmp_path / WIDTHS, "the command")
    assert json.loads((tmp_path / WIDTHS).read_text("utf-8")) == found
    rows = [(row["likelihood"], row["width"]) for row in found["rows"]]
    assert rows == [("multinomial", 4), ("multinomial", 8), ("bernoulli", 4), ("bernoulli", 8)]
    assert (found["epochs"], found["seed"], found["held_out"]) == (150, 3, "30 validation rows")
    assert found["seconds"] >= 0.9 * sum(row["seconds"] for row in found["rows"]) - 0.4
    assert capsys.readouterr().out.count("width") == 4
    text = write_readme(tmp_path).read_text("utf-8")
    assert "`the command`" in text
    assert f"| bernoulli | 8 | {found['rows'][3]['nelbo']:.2f} |" in text


def test_without_the_tables_it_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    assert main(["--epochs", "1", "--out", str(tmp_path / "w.json")]) == 1
    error = capsys.readouterr().err
    assert "`matwidgets data fetch formation_energy/train`" in error and error.count("\n") == 1
    assert main(["--epochs", "0"]) == 1
    assert "epochs is 0; it must be a whole number from 1" in capsys.readouterr().err


def test_it_is_a_module_to_run():
    command = [sys.executable, "-m", "matwidgets.papers.onehot_vae_widths", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
    assert done.returncode == 0 and "--likelihoods" in done.stdout


def test_the_record_of_FIGURE_5():
    """Wider networks explain the validation rows better; the Bernoulli likelihood learns nothing at any width."""
    record = json.loads((CHECKPOINTS / "onehot_vae" / WIDTHS).read_text("utf-8"))
    rows = {(row["likelihood"], row["width"]): row for row in record["rows"]}
    assert set(rows) == {(name, width) for name in ("multinomial", "bernoulli") for width in FIGURE_5}
    assert (
        rows["multinomial", 500]["nelbo"]
        < rows["multinomial", 100]["nelbo"]
        < rows["multinomial", 50]["nelbo"]
    )
    assert all(rows["bernoulli", width]["kl_counts"] > 1 for width in FIGURE_5)
    assert record["seconds"] > 0 and f"--epochs {record['epochs']}" in record["command"]
