"""The one door between models and widgets: which object is shown by which widget.

Every widget gets a copy of the predictor: the thread that optimises or trains owns its own weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from matwidgets.features.composition import parse_formula, pretty_formula
from matwidgets.features.elements import MASSES
from matwidgets.widgets import (
    CompositionPanel,
    LatentExplorer,
    Ledger,
    OptimizationTracker,
    PeriodicTable,
    SimplexMap,
    TrainingTracker,
)

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.designs import DesignResult
    from matwidgets.features.projection import Method, Projection
    from matwidgets.papers.ledger import Ledger as LedgerOfClaims
    from matwidgets.papers.registry import Paper
    from matwidgets.predictors import Predictor
    from matwidgets.run import Run
    from matwidgets.samplers import Sampler

FIRST_ELEMENTS = ("Ti", "Cd", "C")  # the system of Falkowski et al., figure 3
Evaluate = Callable[[Any], Mapping[str, Any]]


def panel(
    predictor: Predictor,
    elements: Sequence[str] | None = None,
    *,
    fractions: Mapping[str, float] | Sequence[float] | None = None,
    **options: Any,
) -> CompositionPanel:
    """Sliders for a composition, with the prediction of ``predictor``.

    Parameters
    ----------
    predictor : Predictor
    elements : sequence of str, optional
        Ti, Cd and C by default, or the elements of ``fractions`` if that is a mapping.
    fractions : mapping or sequence of float, optional
        Where to begin; equal parts by default.
    **options
        Further arguments of ``CompositionPanel``.
    """
    own = predictor.copy()
    if elements is None:
        elements = list(fractions) if isinstance(fractions, Mapping) else list(FIRST_ELEMENTS)
    return CompositionPanel(
        elements,
        _evaluator(own, elements),
        fractions=fractions,
        property=own.property,
        label=own.label,
        unit=own.unit,
        masses=MASSES,
        to_formula=lambda x: pretty_formula(x, subscripts=True),
        from_formula=parse_formula,
        explain=lambda composition: asdict(own.explain(composition)),
        search_template="mw.design({elements}, maximize=model{limits})",
        for_elements=lambda symbols: _evaluator(own, symbols),
        **options,
    )


def simplex(
    predictor: Predictor,
    elements: Sequence[str] | None = None,
    *,
    fractions: Sequence[float] | None = None,
    **options: Any,
) -> SimplexMap:
    """The predicted property over all compositions of three or four elements."""
    own = predictor.copy()
    elements = list(elements or FIRST_ELEMENTS)
    return SimplexMap(
        elements, _evaluator(own, elements), unit=own.unit, label=own.label, fractions=fractions, **options
    )


def tracker(run: Run) -> OptimizationTracker | TrainingTracker:
    """Curves and controls of a run."""
    return OptimizationTracker(run) if run.kind == "design" else TrainingTracker(run)


def design(result: DesignResult) -> SimplexMap | CompositionPanel:
    """A finished design: its path over the property's map, or sliders at its end beyond four elements."""
    final = [float(x) for x in result.search.final.fractions]
    if len(result.elements) in (3, 4):
        path = [[float(x) for x in point.fractions] for point in result.search.path]
        return simplex(result.predictor, result.elements, fractions=final, path=path)
    return panel(result.predictor, result.elements, fractions=final)


def contributions(predictor: Predictor, composition: str | Mapping[str, float]) -> PeriodicTable:
    """What each element of a composition adds to the prediction, on the periodic table."""
    explained = predictor.explain(composition)
    values = {e: float(v) for e, v in zip(explained.elements, explained.contributions, strict=True)}
    return PeriodicTable(
        selected=list(values), values=values, allowed=list(predictor.elements), unit=explained.unit,
        label=f"contribution to {predictor.label[:1].lower()}{predictor.label[1:]}",
    )  # fmt: skip


def latent(
    sampler: Sampler,
    materials: Sequence[str] | DataFrame | None = None,
    *,
    method: Method = "pca",
    colour: str | None = None,
    elements: Sequence[str] | None = None,
    seed: int = 0,
) -> LatentExplorer:
    """Walk through the latent space of a generator: known materials as points, a cursor that decodes where it stands.

    Parameters
    ----------
    sampler : Sampler
    materials : sequence of str or DataFrame, optional
        Formulas, or a table with the column ``formula`` and, where known, ``energy_above_hull``,
        ``decomposition_energy`` (eV/atom) and ``n_products``. By default all published compounds, where their table is
        not on this machine the handbook's; the title says which.
    method : {"pca", "tsne", "umap"}
        How the latent space is drawn. t-SNE and UMAP place a random part of many materials; the title says how many.
    colour : str, optional
        What the colours show first: "number of elements", "energy above hull", "decomposition energy", "stability",
        "components" (of the decomposition; 0: stable), "charge", or "Ti content" with Ti among `elements`.
    elements : sequence of str, optional
        Elements whose content can be shown as colour; two or more can be linked with a CompositionPanel of the same
        elements in the same order: ``mw.link(show.panel(model, elements), show.latent(vae, elements=elements))``.
    seed : int
        Of t-SNE, UMAP and the part that they place.

    Raises
    ------
    InputError
        For an element outside the generator's 89, a formula that cannot be read, fewer than three materials, another
        method or colour.
    """
    from matwidgets.features.projection import project
    from matwidgets.latent import LatentMap, known_materials, materials_of, part_for, written

    known = LatentMap(sampler, known_materials() if materials is None else materials_of(materials))
    rows = part_for(method, len(known.materials), seed)
    channels = known.channels(elements or (), rows)
    all_or_part = "" if rows is None else f"{len(rows):,} of "
    latents = known.latent if rows is None else known.latent[rows]
    names = known.materials.formulas if rows is None else [known.materials.formulas[row] for row in rows]
    linked = list(elements) if elements is not None and len(elements) > 1 else []
    return LatentExplorer(
        project(latents, method, seed=seed),
        channels=channels,
        units=known.units(channels),
        names=names,
        write=written,
        decode=known.decode,
        elements=linked,
        encode=(lambda x: known.encode(x, linked)) if linked else None,
        colour=colour,
        label=f"latent space of {sampler.word} with {all_or_part}{known.materials.source}",
    )


def space(projection: Projection) -> LatentExplorer:
    """A projection alone: points that can be chosen, without names or a decoder."""
    return LatentExplorer(projection)


def ledger(filled: LedgerOfClaims) -> Ledger:
    """A ledger as a table whose rows open."""
    return Ledger(filled.to_json())


def paper(record: Paper) -> Ledger | None:
    """The last known ledger of a paper; None, and so its plain name, while it is only planned."""
    return None if record.status == "planned" else ledger(record.ledger())


def _evaluator(predictor: Predictor, elements: Sequence[str]) -> Evaluate:
    predictor.check_elements(elements)
    symbols = list(elements)
    return lambda fractions: predictor.evaluate(symbols, fractions)
