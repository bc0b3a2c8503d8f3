"""The controls: they learn, are repeatable, and say what they miss."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.training import controls

EACH = pytest.mark.parametrize("kind", controls.CONTROLS)


def rows(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Eight descriptors in units far apart; the label is a rule of two of them."""
    f = np.random.default_rng(seed).normal(size=(n, 8))
    return f * 10.0 ** np.arange(8) + 5, (f[:, 2] * f[:, 6] > 0).astype(int)


@EACH
def test_a_control_learns_a_rule_that_is_not_linear(kind) -> None:
    pytest.importorskip("sklearn")
    probability = controls.fit(kind, *rows(600))
    f, y = rows(300, seed=1)
    p = probability(f)
    assert p.shape == (300,) and bool(((p >= 0) & (p <= 1)).all())
    assert float(np.mean((p > 0.5) == (y == 1))) > 0.8  # a guess is right in half of them
    np.testing.assert_array_equal(controls.fit(kind, *rows(600))(f), p)


def test_bad_input() -> None:
    f, y = rows(30)
    with pytest.raises(InputError, match="Unknown control 'svm'; allowed are random_forest, perceptron"):
        controls.fit("svm", f, y)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"Labels \[-1, 0, 1\]; a control needs rows with 0 and with 1"):
        controls.fit("random_forest", f, np.r_[-1, y[1:]])


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == "sklearn"] or ["sklearn"]:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(InputError, match="need scikit-learn: pip install scikit-learn"):
        controls.fit("random_forest", *rows(30))
