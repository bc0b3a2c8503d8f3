"""The formation-energy net of Table S2 of Korolev et al. 2020, fitted in seconds where it is asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from matwidgets.errors import InputError
from matwidgets.models.powder_filters import FormationEnergyNet

EPOCHS = 60  # not stated
BATCH = 256  # not stated
RATE = 1e-3  # not stated; Keras' own of Adam, as of torch


def fit(
    z: NDArray[np.floating], y: NDArray[np.floating], seed: int = 0, *, epochs: int = EPOCHS
) -> Callable[[NDArray[np.floating]], NDArray[np.float64]]:
    """Fit one hidden layer to energies, by squared error and Adam.

    Parameters
    ----------
    z : ndarray, shape (n, d)
        Latent points.
    y : ndarray, shape (n,)
        Energies, eV/atom.
    seed : int
    epochs : int

    Returns
    -------
    callable
        Latent points (m, d) -> energies (m,).

    Raises
    ------
    InputError
        For arrays of other shapes, or values that are no numbers.
    """
    if z.ndim != 2 or y.shape != (len(z),) or len(z) < 2:
        raise InputError(
            f"Points of shape {z.shape} and energies of shape {y.shape}: give (n, d) and (n,), n > 1"
        )
    if not (np.isfinite(z).all() and np.isfinite(y).all()):
        raise InputError("A latent point or an energy is no finite number: leave such rows out")
    points, energies = torch.as_tensor(z, dtype=torch.float32), torch.as_tensor(y, dtype=torch.float32)
    center = energies.mean()
    steps = epochs * -(-len(points) // BATCH)
    with torch.random.fork_rng(devices=[]):  # initialisers and dropout draw from the global generator
        torch.manual_seed(seed)
        net = FormationEnergyNet(points.shape[1])
        optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        for _ in range(epochs):
            for rows in torch.randperm(len(points)).split(BATCH):
                loss = functional.mse_loss(net(points[rows]), energies[rows] - center)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
    net.eval().requires_grad_(False)

    def predict(asked: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.asarray((net(torch.as_tensor(asked, dtype=torch.float32)) + center).double().numpy())

    return predict
