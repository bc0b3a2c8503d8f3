"""Powder patterns as if they were time series (Figure S10 of Korolev et al. 2020): data, reconstructions and samples.

The paper does not name its characteristics; these ten are the usual ones of a signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features.xrd import GRID, find_peaks
from matwidgets.papers import environment
from matwidgets.papers.claims import Finding

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.floating]

UNITS: Mapping[str, str] = {
    "peaks": "number", "mean": "of the largest", "standard deviation": "of the largest", "skewness": "", "kurtosis": "",
    "entropy": "nats", "correlation length": "° 2θ", "centroid": "° 2θ", "breadth": "° 2θ", "largest gap": "° 2θ",
}  # fmt: skip
HALVES = "data, two halves"
DATA, REBUILT, SAMPLES = "data", "reconstructions", "samples"
REBUILT_PCA, SAMPLES_PCA = "reconstructions, PCA", "samples, PCA"


def normalised(profiles: Floats) -> NDArray[np.float32]:
    """Profiles with no negative value and 1 as their largest, (n, 1601); all zero where nothing is above zero."""
    kept = np.maximum(np.asarray(profiles, dtype=np.float32), 0)
    top = kept.max(axis=1, keepdims=True)
    return np.divide(kept, top, out=np.zeros_like(kept), where=top > 0)


def characteristics(profiles: Floats) -> DataFrame:
    """Describe profiles by ten numbers each.

    Parameters
    ----------
    profiles : ndarray, shape (n, 1601)
        On the grid of `matwidgets.features.xrd`; brought to a largest value of 1 first.

    Returns
    -------
    DataFrame
        A column each of `UNITS`: peaks (of at least 5 %); mean, standard deviation, skewness, excess kurtosis of the
        values; entropy of the profile as a distribution over angles, its centroid and breadth (standard deviation);
        correlation length (lag at which the autocorrelation falls below 1/e); largest gap between peaks or from one to
        an end.

    Raises
    ------
    InputError
        For another shape, or a profile that is zero or the same everywhere.
    """
    import pandas as pd

    if profiles.ndim != 2 or profiles.shape[1] != len(GRID):
        raise InputError(f"Profiles of shape {profiles.shape}: give (n, {len(GRID)})")
    flat = np.flatnonzero(np.ptp(normalised(profiles), axis=1) == 0)
    if len(flat):
        raise InputError(
            f"Profile {flat[0]} has no peak and {len(flat) - 1} others have none: leave them out"
        )
    found = [_described(profiles[begin : begin + 256]) for begin in range(0, len(profiles), 256)]
    return pd.DataFrame(
        {name: np.concatenate([part[name] for part in found]) for name in UNITS} if found else {}
    )


def _described(profiles: Floats) -> dict[str, NDArray[np.float64]]:
    x = normalised(profiles).astype(np.float64)
    mean, deviation = x.mean(axis=1), x.std(axis=1)
    scaled = (x - mean[:, None]) / deviation[:, None]
    share = x / x.sum(axis=1, keepdims=True)
    centroid = share @ GRID
    logarithm = np.log(share, out=np.zeros_like(share), where=share > 0)
    angles = [find_peaks(row).two_theta for row in x]
    return {
        "peaks": np.array([len(a) for a in angles], dtype=np.float64), "mean": mean, "standard deviation": deviation,
        "skewness": (scaled**3).mean(axis=1), "kurtosis": (scaled**4).mean(axis=1) - 3,
        "entropy": -(share * logarithm).sum(axis=1), "correlation length": _correlation_length(scaled),
        "centroid": centroid, "breadth": np.sqrt(np.maximum(share @ GRID**2 - centroid**2, 0)),
        "largest gap": np.array([np.diff(np.concatenate([GRID[:1], a, GRID[-1:]])).max() for a in angles]),
    }  # fmt: skip


def _correlation_length(scaled: Floats) -> NDArray[np.float64]:
    n = scaled.shape[1]
    spectrum = np.abs(np.fft.rfft(scaled, 2 * n, axis=1)) ** 2  # padded: no wrapping round
    correlation = np.fft.irfft(spectrum, axis=1)[:, :n]
    level, rows = correlation[:, 0] / np.e, np.arange(len(correlation))
    at = (correlation < level[:, None]).argmax(axis=1)
    before, after = correlation[rows, at - 1], correlation[rows, at]
    return np.asarray((at - (level - after) / (before - after)) * (GRID[1] - GRID[0]), dtype=np.float64)


@dataclass(frozen=True)
class LinearControl:
    """What principal components of as many numbers make of patterns.

    Attributes
    ----------
    rebuilt : ndarray of float32, shape (n, 1601)
    samples : ndarray of float32, shape (m, 1601)
        From a normal distribution of the components.
    """

    rebuilt: NDArray[np.float32]
    samples: NDArray[np.float32]


def linear_control(
    train: Floats, given: Floats, samples: int, size: int = 64, seed: int = 0
) -> LinearControl:
    """Rebuild patterns from principal components and draw new ones.

    Parameters
    ----------
    train : ndarray, shape (k, 1601)
        Patterns that the components are found in.
    given : ndarray, shape (n, 1601)
        Patterns to rebuild.
    samples : int
    size, seed : int
    """
    from sklearn.decomposition import PCA

    found = PCA(size, svd_solver="randomized", random_state=seed).fit(train)
    z = np.random.default_rng(seed).standard_normal((samples, size)) * np.sqrt(found.explained_variance_)
    rebuilt, drawn = (
        found.inverse_transform(each.astype(np.float32)) for each in (found.transform(given), z)
    )
    return LinearControl(normalised(rebuilt), normalised(drawn))


def distances(data: DataFrame, others: Mapping[str, DataFrame], seed: int = 0) -> DataFrame:
    """Kolmogorov-Smirnov distance of every characteristic from the data's.

    Parameters
    ----------
    data : DataFrame
        From `characteristics`.
    others : mapping of str to DataFrame
    seed : int
        Of the halves.

    Returns
    -------
    DataFrame
        A row a characteristic, a column a set, 0 (the same distribution) to 1; the first column compares two random
        halves of the data, which is what no difference looks like.
    """
    import pandas as pd
    from scipy.stats import ks_2samp

    if len(data) < 4 or any(not len(other) for other in others.values()):
        raise InputError(f"{len(data)} patterns of the data, and of others {[len(o) for o in others.values()]}: give "
                         "at least four and one")  # fmt: skip
    order = np.random.default_rng(seed).permutation(len(data))
    half = len(data) // 2
    pairs = {HALVES: (data.iloc[order[:half]], data.iloc[order[half:]])}
    pairs |= {name: (data, other) for name, other in others.items()}
    return pd.DataFrame(
        {name: [float(ks_2samp(a[c], b[c]).statistic) for c in UNITS] for name, (a, b) in pairs.items()},
        index=pd.Index(list(UNITS), name="characteristic"),
    )


def time_series(
    data: Floats, rebuilt: Floats, samples: Floats, control: LinearControl, seed: int = 0
) -> tuple[dict[str, DataFrame], DataFrame, dict[str, Finding]]:
    """Figure S10 with two more distributions and numbers: are reconstructions and samples distributed as the data?

    Parameters
    ----------
    data, rebuilt : ndarray, shape (n, 1601)
        Patterns that the network has not learned from, and what it makes of them.
    samples : ndarray, shape (m, 1601)
        Decoded from the prior or from what stands for it.
    control : LinearControl
    seed : int

    Returns
    -------
    described : dict of str to DataFrame
        By set, from `characteristics`.
    frame : DataFrame
        From `distances`.
    findings : dict of str to Finding
    """
    sets = {
        DATA: data,
        REBUILT: rebuilt,
        SAMPLES: samples,
        REBUILT_PCA: control.rebuilt,
        SAMPLES_PCA: control.samples,
    }
    described = {name: characteristics(_with_peaks(profiles)) for name, profiles in sets.items()}
    environment.give_back()
    frame = distances(described[DATA], {name: each for name, each in described.items() if name != DATA}, seed)
    mean = frame.mean()
    worst = {name: f"{frame[name].idxmax()} {frame[name].max():.2f}" for name in (REBUILT, SAMPLES)}
    return described, frame, {
        "series_rebuilt": Finding(
            float(mean[REBUILT]), float(mean[REBUILT_PCA]),
            f"two halves of the data {mean[HALVES]:.2f}; the largest distance: {worst[REBUILT]}",
        ),
        "series_samples": Finding(
            float(mean[SAMPLES]), float(mean[SAMPLES_PCA]),
            f"two halves of the data {mean[HALVES]:.2f}; the largest distance: {worst[SAMPLES]}",
        ),
    }  # fmt: skip


def _with_peaks(profiles: Floats) -> Floats:
    """Without profiles that are flat: nothing can be said of them."""
    return profiles[np.ptp(normalised(profiles), axis=1) > 0]
