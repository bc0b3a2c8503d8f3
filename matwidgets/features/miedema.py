"""Enthalpies of pairs of metals by Miedema's semi-empirical model, computed from the parameters of the elements.

Two atomic cells that are put in contact gain energy from the charge that flows along the difference of their
electronegativities phi* (negative term) and lose some to the mismatch of the electron densities n at their borders
(positive term); between a transition and a p metal hybridisation R adds a negative term. F. R. de Boer, R. Boom,
W. C. M. Mattens, A. R. Miedema, A. K. Niessen, Cohesion in Metals (1988), ch. II; A. R. Miedema, P. F. de Châtel,
F. R. de Boer, Physica B 100, 1 (1980).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, listed, shown
from matwidgets.features.alloy_elements import MIEDEMA, miedema_parameters

State = Literal["ordered", "liquid"]
STATES: tuple[State, ...] = ("ordered", "liquid")

# P of two non-transition metals, of one of each, of two transition metals (kJ V^-2 cm^-2 in the model's units).
_P = np.array([10.7, 12.35, 14.2])
_Q_TO_P = 9.4
_LIQUID_HYBRIDISATION = 0.73  # hybridisation in the liquid, as a share of that in the solid


def pair_enthalpies(elements: Sequence[str], *, state: State = "ordered") -> NDArray[np.float64]:
    """Compute the enthalpy of formation of each equimolar binary AB from its elements.

    gamma = P [-(dphi)^2 + 9.4 (dn)^2 - R/P] / ((1/n_A + 1/n_B) / 2) with n = n_ws^(1/3). The surfaces V_A, V_B (the
    book's V^(2/3)), corrected for the transfer of charge by 1 + a f dphi, give the surface fractions c_A, c_B, and

    H = gamma V_A V_B / (2 (V_A + V_B)) * (1 + 8 c_A^2 c_B^2),

    the bracket being 1 in the liquid. The energy that turns silicon or carbon into a metal (H_trans) is left out, as it
    belongs to the element and not to the pair.

    Parameters
    ----------
    elements : sequence of str, length k
    state : {"ordered", "liquid"}
        Ordered compound, as in the paper's table of alloys, or liquid alloy, about two thirds of it between transition
        metals. The pairs of the table follow within 0.41 kJ/mol in the mean: the program behind them rounds gamma
        to integers and takes another a for zinc (2.4 kJ/mol for Zn-Pt, at most 1.2 without zinc). The liquid pairs
        of A. Takeuchi, A. Inoue, Mater. Trans. 46, 2817 (2005) follow within 1 kJ/mol between transition metals; their
        pairs of silicon contain H_trans.

    Returns
    -------
    ndarray, shape (k, k)
        kJ per mole of atoms; symmetric, zero on the diagonal.

    Raises
    ------
    InputError
        No such state, or an element without parameters.
    """
    if state not in STATES:
        raise InputError(f"Unknown state {shown(state)}: write one of {listed(STATES)}.")
    ordered = 8.0 if state == "ordered" else 0.0
    phi, _, surface, _, constant, _ = miedema_parameters(elements).T
    difference = phi[:, None] - phi
    volume = np.broadcast_to(surface[:, None], difference.shape)  # V_A in the row, V_B its transpose
    share = volume / (volume + volume.T)
    around = share.T * (1 + ordered * (share * share.T) ** 2)  # how much of an A atom's surface touches B
    volume = volume * (1 + constant[:, None] * around * difference)
    share = volume / (volume + volume.T)
    mixed = volume * volume.T / (2 * (volume + volume.T))
    return interaction(elements, state=state) * mixed * (1 + ordered * (share * share.T) ** 2)


def interaction(elements: Sequence[str], *, state: State = "ordered") -> NDArray[np.float64]:
    """Compute gamma of each pair, the interaction per contact surface (kJ/mol/cm2); see `pair_enthalpies`."""
    column = dict(zip(MIEDEMA, miedema_parameters(elements).T, strict=True))
    phi, density, bonding = (
        column[name] for name in ("electronegativity", "electron_density", "hybridisation")
    )
    metals = column["transition_metal"][:, None] + column["transition_metal"]  # transition metals in the pair
    hybrid = np.where(metals == 1, bonding[:, None] * bonding, 0.0)
    if state == "liquid":
        hybrid = _LIQUID_HYBRIDISATION * hybrid
    repulsion = _Q_TO_P * (density[:, None] - density) ** 2 - (phi[:, None] - phi) ** 2 - hybrid
    gamma: NDArray[np.float64] = (
        _P[metals.astype(int)] * repulsion / ((1 / density[:, None] + 1 / density) / 2)
    )
    return gamma
