"""What is measured of a finished ensemble: calibration and domain on validation rows, then the test errors, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.models.crabnet import CrabNet
from matwidgets.predictors import Composition, Predictor
from matwidgets.training import calibration
from matwidgets.training.calibration import Calibration
from matwidgets.training.domain import Domain
from matwidgets.training.regression import Table


def assess(
    members: list[CrabNet], card: Mapping[str, Any], train: Table, val: Table, test: Table | None = None
) -> Predictor:
    """Make a calibrated predictor that knows its domain, with everything measured in its card.

    Parameters
    ----------
    members : list of CrabNet
        Folded, in evaluation mode.
    card : mapping
        With the mean and std of the training targets; what is measured here is replaced.
    train, val, test : Table
        Factors and limits come from ``val`` alone; ``test`` is looked at after they are fixed. ``val`` may be empty.

    Returns
    -------
    Predictor
        Its card has the keys calibration, uncertainty (of val and test: n, curve, miscalibration_area, the same
        before calibration, coverage90, in_domain_false_alarm, mae_inside, mae_outside) and the mean absolute errors.
    """
    domain = Domain.of(train.numbers.numpy(), train.fractions.numpy())
    raw = Predictor(members, domain, {**card, "calibration": 1.0})
    factors = {"aleatoric": 1.0, "epistemic": 1.0}
    if len(val.targets):
        out = raw.forward_packed(*_arrays(val))
        scale = out["value"] if raw.log else 1.0
        errors, _ = residuals(raw, out, val)
        fitted = calibration.fit(errors, out["std_aleatoric"] / scale, out["std_epistemic"] / scale)
        factors = dict(zip(factors, fitted, strict=True))
    done = Predictor(members, domain, {**card, "calibration": factors})
    if len(val.targets):
        numbers, fractions = _arrays(val)
        disagreement = done.disagreement(done.forward_packed(numbers, fractions))
        done.domain = domain.limited(numbers, fractions, disagreement)
    measured: dict[str, Any] = {"calibration": factors, "uncertainty": {}}
    for name, table in (("val", val), ("test", test)):
        measured[f"{name}_mae_members"], measured[f"{name}_mae_ensemble"] = [], None
        if table is not None and len(table.targets):
            truth = _targets(table)
            for member in members:
                alone = Predictor([member], domain, done.card).forward_packed(*_arrays(table))
                measured[f"{name}_mae_members"].append(float(np.abs(alone["value"] - truth).mean()))
            out = done.evaluate_packed(*_arrays(table))
            measured[f"{name}_mae_ensemble"] = float(np.abs(out["value"] - truth).mean())
            before = Calibration.of(*residuals(raw, raw.forward_packed(*_arrays(table)), table))
            measured["uncertainty"][name] = _uncertainty(done, out, table, before)
    return Predictor(members, done.domain, {**card, **measured})


def calibration_curve(
    predictor: Predictor, formulas: Sequence[Composition], targets: Sequence[float] | NDArray[np.floating]
) -> Calibration:
    """Compare the stated uncertainties with the errors on known values.

    Parameters
    ----------
    predictor : Predictor
    formulas : sequence of str or mapping, length n
    targets : sequence of float, length n
        In the property's unit.

    Returns
    -------
    Calibration
        Its ``curve`` has eleven rows: the share of errors expected within an interval, and the share observed.
    """
    frame = predictor.predict(list(formulas))
    value, std = frame["value"].to_numpy(float), frame["std"].to_numpy(float)
    truth = np.asarray(targets, dtype=float)
    return Calibration.of(*calibration.residuals(value, std, truth, logarithmic=predictor.log))


def residuals(
    predictor: Predictor, out: Mapping[str, NDArray[np.float64]], table: Table
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Absolute errors of an answer and their standard deviations, on the scale that the network learned, (n,) each."""
    return calibration.residuals(out["value"], out["std"], _targets(table), logarithmic=predictor.log)


def _uncertainty(
    predictor: Predictor, out: Mapping[str, NDArray[Any]], table: Table, before: Calibration
) -> dict[str, Any]:
    error, inside = np.abs(out["value"] - _targets(table)), out["in_domain"]
    return Calibration.of(*residuals(predictor, out, table)).to_dict() | {
        "curve_before": before.to_dict()["curve"],
        "miscalibration_area_before": before.miscalibration_area,
        "coverage90_before": before.coverage90,
        "in_domain_false_alarm": float(np.mean(~inside)),
        "mae_inside": float(error[inside].mean()) if inside.any() else None,
        "mae_outside": float(error[~inside].mean()) if not inside.all() else None,
    }


def _arrays(table: Table) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    return table.numbers.numpy(), table.fractions.numpy()


def _targets(table: Table) -> NDArray[np.float64]:
    return table.targets.numpy().astype(float)
