"""The latent space of Zeng, Khan and Post 2024 (section 3.2): what it knows of the phase, and of everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from matwidgets.alloy_models import AlloyModel
from matwidgets.features.alloy_writing import percentages
from matwidgets.features.alloys import descriptors
from matwidgets.models.disentangled_vae import DisentangledVAE, DisentangledVAEConfig
from matwidgets.papers.claims import Finding
from matwidgets.papers.disentangled_vae_regions import family_shares, members, points, untrained
from matwidgets.training import threads
from matwidgets.training.classification import auc

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.training.alloy_tables import Alloys

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BLIND = "autoencoder blind to the phase"
NEIGHBOURS = 30
FOLLOWS = 2 / 3  # the phase follows y if so many alloys do
STAYS = 0.25  # z stays if it moves at most so far, in distances between two alloys
EPOCHS, BATCH, RATE = 60, 256, 1e-2  # of the autoencoder that is blind to the phase


def blind_points(x: Floats, train: Integers, seed: int = 0, epochs: int = EPOCHS) -> Floats:
    """Latent points (n, 2) of the same autoencoder trained without any y: what a latent space is when nobody
    disentangles it.

    Parameters
    ----------
    x : ndarray, shape (n, 30)
    train : ndarray of int64
        Rows to learn from.
    seed, epochs : int
    """
    threads.apply(1)
    rows = torch.as_tensor(x, dtype=torch.float32)
    seen, generator = rows[torch.as_tensor(train)], torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = DisentangledVAE(DisentangledVAEConfig(spread=None))
    weights = [*net.encoder.parameters(), *net.decoder.parameters()]
    optimiser = torch.optim.Adam(weights, lr=RATE, fused=True)
    steps = max(2, epochs * -(-len(seen) // BATCH))
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, cycle_momentum=False)
    for _ in range(epochs):
        for chosen in torch.randperm(len(seen), generator=generator).split(BATCH):
            noise = torch.randn(len(chosen), net.config.latent, generator=generator)
            loss = -net.labelled(seen[chosen], torch.zeros(len(chosen)), noise).elbo.mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            cycle.step()
    with torch.no_grad():
        return np.asarray(net.encode(rows, torch.zeros(len(rows)))[0].double().numpy())


# -- is the phase in z? --------------------------------------------------------------------------------------------


def readable(z: Floats, y: Integers, train: Integers, test: Integers) -> dict[str, float]:
    """How well y (n,) can be read from coordinates z (n, k): learned on some rows, asked on others.

    Parameters
    ----------
    z : ndarray, shape (n, k)
    y : ndarray, shape (n,)
        Labels 0 and 1.
    train, test : ndarray of int64
        Rows.

    Returns
    -------
    dict of str to float
        line, neighbours: area under the ROC curve of logistic regression, and of the 30 nearest neighbours;
        information: nats of z about y that the neighbours find, the entropy of y less their cross-entropy, a lower
        bound of the mutual information (D. Barber, F. Agakov, "The IM Algorithm" (2003)); 0.69 would be all.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(z[train])
    known, asked = scaler.transform(z[train]), scaler.transform(z[test])
    line = LogisticRegression().fit(known, y[train]).decision_function(asked)
    k = min(NEIGHBOURS, len(train))
    near = NearestNeighbors(n_neighbors=k).fit(known).kneighbors(asked, return_distance=False)
    p = (y[train][near].sum(axis=1) + 1) / (k + 2)  # Laplace's rule: no probability is 0 or 1
    wanted, rate = y[test], y[train].mean()
    cross = -np.mean(np.where(wanted == 1, np.log(p), np.log(1 - p)))
    prior = -np.mean(np.where(wanted == 1, np.log(rate), np.log(1 - rate)))
    return {
        "line": _area(wanted, line), "neighbours": _area(wanted, p), "information": max(0.0, float(prior - cross))
    }  # fmt: skip


def disentangled(model: AlloyModel, table: Alloys, seed: int = 0) -> tuple[DataFrame, dict[str, Finding]]:
    """Read the phase from the latent points of held-out alloys (section 3.2.1), beside spaces that nobody disentangled.

    Every member is asked about the test rows of its own seed, and the readers learn on its other rows.

    Returns
    -------
    frame : DataFrame
        space, line, neighbours (AUC), information (nats): means over the members, and line_std, neighbours_std.
    findings : dict of str to Finding
    """
    import pandas as pd
    from sklearn.decomposition import PCA

    families = family_shares(table.x)
    plane = PCA(2, random_state=seed).fit_transform(table.x)
    spaces: dict[str, list[dict[str, float]]] = {}
    for number, one in enumerate(members(model)):
        test = table.split(_seed(model, number)).test
        train = np.setdiff1d(np.arange(len(table.y)), test)
        z, shuffled = points(one, table.x), np.random.default_rng(seed + number).permutation(table.y)
        given = {
            "latent points": (z, table.y),
            BLIND: (blind_points(table.x, train, seed + number), table.y),
            "two principal components": (plane, table.y),
            "shares of three groups, number of elements": (families, table.y),
            "latent points, labels shuffled": (z, shuffled),
        }
        for name, (coordinates, labels) in given.items():
            spaces.setdefault(name, []).append(readable(coordinates, labels, train, test))
    rows = []
    for name, found in spaces.items():
        columns = pd.DataFrame(found)
        mean, std = columns.mean(), columns.std(ddof=1)
        rows.append((name, *mean, std["line"], std["neighbours"]))
    names = ["space", "line", "neighbours", "information", "line_std", "neighbours_std"]
    frame = pd.DataFrame(rows, columns=names)
    seen = frame.set_index("space")
    here, blind = seen.loc["latent points"], seen.loc[BLIND]
    known = seen.loc["shares of three groups, number of elements"]
    best, worst = _best(here), _best(blind)
    areas = {name: [one["neighbours"] for one in found] for name, found in spaces.items()}
    chance = seen.loc["latent points, labels shuffled"]
    return frame, {
        "disentangled": Finding(
            best, worst,
            f"a line reads {here['line']:.2f}, neighbours {here['neighbours']:.2f} (shuffled labels "
            f"{chance['neighbours']:.2f}); z keeps the family of an alloy, which alone gives {_best(known):.2f}: what "
            "tells families apart tells much of the phase",
        ),
        "harder_with_y": Finding(
            harder(areas["latent points"], areas[BLIND]), harder(areas["two principal components"], areas[BLIND]),
            f"by a line {here['line']:.2f} against {blind['line']:.2f}, by neighbours {here['neighbours']:.2f} against "
            f"{blind['neighbours']:.2f}; information {here['information']:.2f} against {blind['information']:.2f} nats",
        ),
    }  # fmt: skip


def harder(areas: Sequence[float], others: Sequence[float]) -> str:
    """Whether areas are lower than others, pair by pair: by at least two standard errors of the mean difference."""
    gain = np.asarray(others) - np.asarray(areas)
    error = gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else np.inf
    return "harder" if gain.mean() > 0 and gain.mean() >= 2 * error else "not harder"


def _best(row: Any) -> float:
    return float(max(row["line"], row["neighbours"]))


def _area(y: Integers, score: Floats) -> float:
    found = auc(y, score)
    return float("nan") if found is None else found


def _seed(model: AlloyModel, number: int) -> int:
    return int(model.card["members"][number]["seed"])


# -- swap the phase, keep z ----------------------------------------------------------------------------------------


def swapped(model: AlloyModel, x: Floats, y: Integers) -> dict[str, Floats]:
    """Encode alloys with their phase, decode them with the other one, and look again.

    Parameters
    ----------
    model : AlloyModel
        Of one member.
    x : ndarray, shape (n, 30)
    y : ndarray, shape (n,)
        Labels 0 and 1.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        follows, kept: whether the classifier has the phase asked for, with the other and with the own one; moved,
        apart: distance of the latent point before and after, and from that of the next alloy; overlap: share of the
        atoms that stay; y as given.
    """
    own, other = y.astype(np.float64), 1.0 - y
    z = model.encode_fractions(x, own)
    turned, back = (percentages(model.decode(z, wanted)) / 100 for wanted in (other, own))
    follows, kept = (
        (model.probability(descriptors(made)) > 0.5) == (wanted > 0.5)
        for made, wanted in ((turned, other), (back, own))
    )
    after = model.encode_fractions(turned, other)
    return {
        "follows": follows.astype(np.float64), "kept": kept.astype(np.float64),
        "moved": np.linalg.norm(after - z, axis=1), "apart": np.linalg.norm(np.roll(z, 1, axis=0) - z, axis=1),
        "overlap": np.minimum(turned, x).sum(axis=1), "y": own,
    }  # fmt: skip


def swap_test(model: AlloyModel, table: Alloys, seed: int = 0) -> tuple[DataFrame, dict[str, Finding]]:
    """Swap the phase of every member's own test alloys; the control does the same with random weights.

    Returns
    -------
    frame : DataFrame
        One row a member: follows, kept, overlap, to_single, to_multi (shares), moved, apart (medians, units of z).
    findings : dict of str to Finding
    """
    import pandas as pd

    rows, lucky = [], []
    for number, one in enumerate(members(model)):
        test = table.split(_seed(model, number)).test
        rows.append({"member": number} | _summary(swapped(one, table.x[test], table.y[test])))
        with_luck = untrained(one, seed + number)
        judge = AlloyModel(one.networks, one.domain, one.card)
        with_luck.networks[0].classifier = judge.networks[
            0
        ].classifier  # the judge has learned, the decoder not
        lucky.append(_summary(swapped(with_luck, table.x[test], table.y[test])))
    frame, luck = pd.DataFrame(rows), pd.DataFrame(lucky).mean()
    mean = frame.mean()
    return frame, {
        "swap_follows": Finding(
            _follows(mean["follows"]), _follows(luck["follows"]),
            f"{mean['follows']:.0%} of the alloys do, towards several phases {mean['to_multi']:.0%} and towards one "
            f"{mean['to_single']:.0%}; with their own phase {mean['kept']:.0%} come back right; random weights "
            f"{luck['follows']:.0%}",
        ),
        "swap_stays": Finding(
            _stays(mean["moved"] / mean["apart"]), _stays(luck["moved"] / luck["apart"]),
            f"median way {mean['moved']:.2f} in units of z, between two alloys {mean['apart']:.2f}; "
            f"{mean['overlap']:.0%} of the atoms stay",
        ),
    }  # fmt: skip


def _follows(share: float) -> str:
    return "follows" if share >= FOLLOWS else "does not follow"


def _stays(way: float) -> str:
    return "stays" if way <= STAYS else "moves"


def _summary(found: Mapping[str, Floats]) -> dict[str, float]:
    shares = {name: float(found[name].mean()) for name in ("follows", "kept", "overlap")}
    for name, label in (("to_single", 0), ("to_multi", 1)):
        shares[name] = float(found["follows"][found["y"] == label].mean())
    return shares | {name: float(np.median(found[name])) for name in ("moved", "apart")}
