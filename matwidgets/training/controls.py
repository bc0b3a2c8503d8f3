"""Plain classifiers on the same rows, which a semi-supervised model must be worth its trouble against.

They are fitted where they are asked for: it takes a second, and scikit-learn has no format for its models but pickle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError

Floats = NDArray[np.float64]
Probability = Callable[[Floats], Floats]
Control = Literal["random_forest", "perceptron"]
CONTROLS: tuple[Control, ...] = ("random_forest", "perceptron")
TREES = 500


def fit(kind: Control, f: Floats, y: NDArray[np.int64], seed: int = 0, *, trees: int = TREES) -> Probability:
    """Fit a control on labelled rows.

    Parameters
    ----------
    kind : {"random_forest", "perceptron"}
        Trees; or two hidden layers of 100 with ReLU on standardised descriptors, which stops where a tenth of its
        rows, held out from its own gradient, stops to improve.
    f : ndarray, shape (n, d)
        Descriptors.
    y : ndarray, shape (n,)
        Labels 0 and 1.
    seed : int
    trees : int
        Of the forest.

    Returns
    -------
    callable
        Descriptors (m, d) -> probability of y = 1, (m,).

    Raises
    ------
    InputError
        For another kind, labels of one class only, or where scikit-learn is not installed.
    """
    if kind not in CONTROLS:
        raise InputError(f"Unknown control {kind!r}; allowed are {', '.join(CONTROLS)}: choose one of these")
    if set(np.unique(y).tolist()) != {0, 1}:
        raise InputError(
            f"Labels {sorted(set(np.unique(y).tolist()))}; a control needs rows with 0 and with 1: give both"
        )
    model = _model(kind, seed, trees).fit(f, y)
    return lambda rows: np.asarray(model.predict_proba(rows))[:, 1]


def _model(kind: Control, seed: int, trees: int) -> Any:
    try:
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.neural_network import MLPClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError:
        raise InputError(
            "The controls need scikit-learn: pip install scikit-learn, or leave the controls out"
        ) from None
    if kind == "random_forest":
        return RandomForestClassifier(n_estimators=trees, random_state=seed, n_jobs=1)
    perceptron = MLPClassifier(
        hidden_layer_sizes=(100, 100),  # as the classifier of the disentangled VAE
        learning_rate_init=1e-3,
        early_stopping=True,
        n_iter_no_change=30,
        max_iter=2000,
        random_state=seed,
    )
    return make_pipeline(StandardScaler(), perceptron)
