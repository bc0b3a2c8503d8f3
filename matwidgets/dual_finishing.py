"""What makes a dual VAE of two trained autoencoders: density, box, decoding rule, property networks and its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matwidgets.data.splits import not_seen_before
from matwidgets.dual_assessment import best_decoding, composition_agreement, pattern_agreement
from matwidgets.dual_models import LOGARITHMIC, UNITS
from matwidgets.models.dual_vae import CompositionVAE, PatternVAE
from matwidgets.models.latent_heads import HeadsConfig
from matwidgets.training import aggregate
from matwidgets.training.classification import auc
from matwidgets.training.dual_files import Dual
from matwidgets.training.dual_vae import measure
from matwidgets.training.latent_heads import HeadsRecipe, Rows, Trained, combined, train_heads

if TYPE_CHECKING:
    from pandas import DataFrame

AT_ONCE = 2048  # rows encoded in one go, to bound the memory
STABLE = (
    0.05  # eV/atom above the hull up to which a structure counts as stable; the paper does not state its cut
)
FITTED = 10_000  # posterior draws that the density is fitted to, at most
OUTSIDE = 0.05  # share of the validation materials that may lie below the floor of the density
EDGES = (0.01, 0.99)  # quantiles of the training materials that are the box
ELASTIC = ("bulk_modulus", "shear_modulus", "debye_temperature")
THERMAL = ("thermal_conductivity", "thermal_expansion")
PUBLISHED = (("split", ELASTIC), ("split_thermal", THERMAL))  # AFLOW's two splits, and what each is of
SMALL = (56, 28)  # hidden layers of the ensembles on AFLOW's few thousand rows


@dataclass(frozen=True)
class Seen:
    """Structures as the networks see them.

    Attributes
    ----------
    composition : Tensor, shape (n, 100)
    pattern : Tensor of half precision, shape (n, 1601)
    frame : DataFrame
        A row a structure: what is known of it.
    formulas : Tensor, shape (m, 100), optional
        Compositions without a structure, which only the composition network learns from.
    """

    composition: Tensor
    pattern: Tensor
    frame: DataFrame
    formulas: Tensor | None = None

    def __len__(self) -> int:
        return len(self.frame)


def finish(
    composition: CompositionVAE,
    pattern: PatternVAE,
    tables: Mapping[str, Seen],
    card: dict[str, Any],
    heads: HeadsRecipe,
    mixtures: tuple[int, ...],
) -> Dual:
    """Choose on validation what is to be chosen, then look at the test rows once.

    Parameters
    ----------
    composition, pattern : CompositionVAE, PatternVAE
        As they will be read from the file.
    tables : dict of str to Seen
        "train", "val", "test" and optionally "aflow".
    card : dict
    heads : HeadsRecipe
    mixtures : tuple of int
        Numbers of components to try.
    """
    nets = (composition, pattern)
    latents = {name: encoded(nets, seen) for name, seen in tables.items()}
    generator = torch.Generator().manual_seed(heads.seed)
    draws = {
        name: (z + deviation * torch.randn(z.shape, generator=generator)).double().numpy()
        for name, (z, deviation) in latents.items()
        if name in ("train", "val")
    }
    some = np.random.default_rng(heads.seed).permutation(len(draws["train"]))[:FITTED]
    fit = aggregate.fit_points(draws["train"][some], draws["val"], mixtures, heads.seed)
    means = {name: z.double().numpy() for name, (z, _) in latents.items()}
    floor = float(np.quantile(fit.mixture.log_density(means["val"]), OUTSIDE))
    decoded = {name: reconstructed(nets, latents[name][0]) for name in ("val", "test")}
    decoding = best_decoding(tables["val"].composition.numpy(), decoded["val"][0])
    measured: dict[str, Any] = {
        name: {
            "composition": asdict(measure(composition, tables[name].composition))
            | asdict(
                composition_agreement(
                    tables[name].composition.numpy(),
                    decoded[name][0],
                    decoding["threshold"],
                    decoding["tolerance"],
                )
            ),
            "pattern": asdict(measure(pattern, tables[name].pattern))
            | asdict(pattern_agreement(tables[name].pattern.float().numpy(), decoded[name][1])),
            "below_floor": float((fit.mixture.log_density(means[name]) < floor).mean()),
        }
        for name in ("val", "test")
    }
    ensembles, scores = property_networks(tables, latents, heads)
    whole = {
        **card,
        "decoding": decoding,
        "density": {
            "components": len(fit.mixture.weights), "val_log_likelihood": fit.scores, "floor": floor,
            "chosen": f"{OUTSIDE:.0%} of the validation materials lie below the floor",
        },
        "stable": f"at most {STABLE} eV/atom above the hull, structures of mpts_52 (mp_20_biternary has no others)",
        "measured": measured,
        "properties": scores,
    }  # fmt: skip
    box = np.quantile(means["train"], EDGES, axis=0)
    return Dual(composition, pattern, ensembles, fit.mixture, box, whole)


def encoded(nets: tuple[CompositionVAE, PatternVAE], seen: Seen) -> tuple[Tensor, Tensor]:
    """Means and standard deviations of the joint posterior of structures, each (n, 88)."""
    means, deviations = [], []
    with torch.no_grad():
        for net, x in zip(nets, (seen.composition, seen.pattern), strict=True):
            pairs = [net.encode(rows.float()) for rows in x.split(AT_ONCE)]
            mean, log_variance = (torch.cat(part) for part in zip(*pairs, strict=True))
            means.append(mean)
            deviations.append((0.5 * log_variance).exp())
    return torch.cat(means, 1), torch.cat(deviations, 1)


def reconstructed(
    nets: tuple[CompositionVAE, PatternVAE], z: Tensor
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fractions (n, 100) and patterns (n, 1601) that latent points (n, 88) decode to."""
    at = nets[0].config.latent
    with torch.no_grad():
        parts = [(nets[0].decode(rows[:, :at]), nets[1].decode(rows[:, at:])) for rows in z.split(AT_ONCE)]
    fractions, patterns = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
    return fractions, patterns


# -- properties ---------------------------------------------------------------------------------------------------


def property_networks(
    tables: Mapping[str, Seen], latents: Mapping[str, tuple[Tensor, Tensor]], recipe: HeadsRecipe
) -> tuple[list[Trained], dict[str, dict[str, Any]]]:
    """Train an ensemble for each source of targets that is there, and score it on its test rows.

    Returns
    -------
    ensembles : list of Trained
    scores : dict of str to dict
        Of each property: n, and mae, rmse, r2 (of the logarithm where that is learned) and coverage (share within two
        standard deviations), or accuracy, majority and auc.
    """
    ensembles: list[Trained] = []
    scores: dict[str, dict[str, Any]] = {}
    for config, parts in _sources(tables, latents):
        trained = train_heads(config, recipe, parts["train"], parts["val"])
        ensembles.append(trained)
        scores |= _scores(trained, parts["test"])
    return ensembles, scores


def _sources(
    tables: Mapping[str, Seen], latents: Mapping[str, tuple[Tensor, Tensor]]
) -> list[tuple[HeadsConfig, dict[str, Rows]]]:
    """Configuration and rows of each ensemble whose targets are known.

    The two published splits of AFLOW cut across each other, so an ensemble of both would be scored on rows that its
    trunk has learned from: there is one for each.
    """
    inputs = latents["train"][0].shape[1]
    found = []
    if "aflow" in tables:
        for split, names in PUBLISHED:
            config = HeadsConfig(names, inputs=inputs, hidden=SMALL)
            found.append((config, _published_split(tables["aflow"].frame, latents["aflow"], split, names)))
    for config, chance in (
        (HeadsConfig(("formation_energy",), ("insulator",), inputs=inputs, hidden=(96, 48)), _insulator),
        (HeadsConfig((), ("stable",), inputs=inputs), _stable),
    ):
        parts = {}
        for name in ("train", "val", "test"):
            frame = tables[name].frame
            values = [frame[v].to_numpy(dtype=np.float32) for v in config.values if v in frame]
            if len(values) < len(config.values) or "energy_above_hull" not in frame:
                break
            chances = chance(frame)
            if np.isnan(chances).all():
                break
            known = ~np.isnan(chances) if not values else np.ones(len(frame), dtype=bool)
            z, deviation = (part[torch.from_numpy(known)] for part in latents[name])
            stacked = np.column_stack(values) if values else np.empty((len(frame), 0), dtype=np.float32)
            parts[name] = Rows(
                z, deviation, torch.from_numpy(stacked[known]), torch.from_numpy(chances[known])[:, None]
            )
        if len(parts) == 3:
            found.append((config, parts))
    return found


def _insulator(frame: DataFrame) -> NDArray[np.float32]:
    """1 where the band gap is above 0 eV, NaN where it is not known."""
    gap = frame["band_gap"].to_numpy(dtype=np.float32)
    return np.where(np.isnan(gap), np.nan, gap > 0).astype(np.float32)


def _stable(frame: DataFrame) -> NDArray[np.float32]:
    """1 where the energy above the hull is small, NaN where the table holds nothing else."""
    chosen = (frame["set"] == "mpts_52").to_numpy()
    near = frame["energy_above_hull"].to_numpy(dtype=np.float32) <= STABLE
    return np.where(chosen, near, np.nan).astype(np.float32)


def _published_split(
    frame: DataFrame, latents: tuple[Tensor, Tensor], split: str, names: tuple[str, ...]
) -> dict[str, Rows]:
    """AFLOW's rows by the column `split`, without those whose composition is in an earlier part, as polymorphs are."""
    targets = []
    for name in names:
        value = frame[name].to_numpy(dtype=np.float64)
        # AFLOW's table has conductivities and expansions of zero and below, which have no logarithm.
        targets.append(np.log(np.where(value > 0, value, np.nan)) if name in LOGARITHMIC else value)
    values = torch.from_numpy(np.column_stack(targets).astype(np.float32))
    own = not_seen_before(frame["formula"].tolist(), frame[split].tolist())
    usable = own & ~values.isnan().all(1).numpy()
    parts = {}
    for part in ("train", "val", "test"):
        some = torch.from_numpy(usable & (frame[split] == part).to_numpy())
        z, deviation = (table[some] for table in latents)
        parts[part] = Rows(z, deviation, values[some], torch.empty((int(some.sum()), 0)))
    return parts


def _scores(trained: Trained, rows: Rows) -> dict[str, dict[str, Any]]:
    config = trained.net.config
    with torch.no_grad():
        mean, deviation, chance, _ = (part.double().numpy() for part in combined(trained.net, rows.z))
    scores: dict[str, dict[str, Any]] = {}
    for i, name in enumerate(config.values):
        truth = rows.values[:, i].double().numpy()
        known = ~np.isnan(truth)
        if not known.any():
            continue
        value = mean[:, i] * trained.scale[i] + trained.mean[i]
        std = deviation[:, i] * trained.scale[i] * trained.factors[i]
        error = (value - truth)[known]
        unit = UNITS[name] if name not in LOGARITHMIC else f"ln({UNITS[name]})"
        scores[name] = {
            "n": int(known.sum()), "unit": unit, "mae": float(np.abs(error).mean()),
            "rmse": float(np.sqrt((error**2).mean())), "r2": float(1 - (error**2).mean() / truth[known].var()),
            "coverage": float((np.abs(error) <= 2 * std[known]).mean()),
        }  # fmt: skip
    for i, name in enumerate(config.chances):
        truth = rows.chances[:, i].double().numpy()
        known = ~np.isnan(truth)
        if not known.any():
            continue
        share = float(truth[known].mean())
        scores[name] = {
            "n": int(known.sum()), "accuracy": float(((chance[:, i] > 0.5) == (truth > 0.5))[known].mean()),
            "majority": max(share, 1 - share), "auc": auc(truth[known], chance[:, i][known]),
        }  # fmt: skip
    return scores
