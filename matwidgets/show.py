"""The one door between models and widgets: which object is shown by which widget.

Every widget gets a copy of the predictor: the thread that optimises or trains owns its own weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from matwidgets.errors import InputError
from matwidgets.features.composition import parse_formula, pretty_formula, to_fractions
from matwidgets.features.elements import MASSES
from matwidgets.show_formulas import elements, formulas, generated, is_gan
from matwidgets.show_patterns import crystals, decoded, pattern, patterns
from matwidgets.widgets import (
    AlloyInverter,
    CompositionPanel,
    DecompositionView,
    GeneratorGallery,
    LatentExplorer,
    Ledger,
    OptimizationTracker,
    PeriodicTable,
    SimplexMap,
    TrainingTracker,
)

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.adversarial_models import FormulaGAN
    from matwidgets.alloy_models import AlloyModel
    from matwidgets.designs import DesignResult
    from matwidgets.dual_latent import Crystals
    from matwidgets.dual_models import DualVAE
    from matwidgets.features.hull import Decomposition, Phases
    from matwidgets.features.projection import Method, Projection
    from matwidgets.inverse.inversion import Inversion
    from matwidgets.papers.ledger import Ledger as LedgerOfClaims
    from matwidgets.papers.registry import Paper
    from matwidgets.predictors import Predictor
    from matwidgets.run import Run
    from matwidgets.samplers import Sampler

__all__ = [
    "contributions",
    "crystals",
    "decoded",
    "decomposition",
    "design",
    "elements",
    "gallery",
    "inversion",
    "inverter",
    "latent",
    "ledger",
    "panel",
    "paper",
    "pattern",
    "patterns",
    "simplex",
    "space",
    "tracker",
]

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
    sampler: Sampler | DualVAE | FormulaGAN,
    materials: Sequence[str] | DataFrame | Crystals | None = None,
    *,
    method: Method = "pca",
    colour: str | None = None,
    elements: Sequence[str] | None = None,
    seed: int = 0,
    **options: Any,
) -> LatentExplorer:
    """Walk through the latent space of a generator: known materials as points, a cursor that decodes where it stands.

    A decoded formula is called valid if smact finds charges that cancel and anions more electronegative than cations
    (`matwidgets.features.validity`; of metals alone these rules say nothing), and known if it is among the materials.
    The nearest of these are told with the share of the atoms that would have to be exchanged. The field under the
    picture goes to any formula; `selected_names` of the widget returns the formulas of the chosen points.

    Parameters
    ----------
    sampler : Sampler
    materials : sequence of str or DataFrame, optional
        Formulas, or a table with the column ``formula`` and, where known, ``energy_above_hull``,
        ``decomposition_energy`` (eV/atom) and ``n_products``. By default all published compounds, where their table is
        not on this machine the handbook's; the title says which.
    method : {"pca", "tsne", "umap"}
        How the latent space is drawn. t-SNE and UMAP (about half a minute) place a random part of many materials; the
        title says how many.
    colour : str, optional
        What the colours show first: "number of elements", "energy above hull", "decomposition energy", "stability",
        "components" (of the decomposition; 0: stable), "charge", or "Ti content" with Ti among `elements`.
    elements : sequence of str, optional
        Elements whose content can be shown as colour; two or more can be linked with a CompositionPanel of the same
        elements in the same order: ``mw.link(show.panel(model, elements), show.latent(vae, elements=elements))``.
    seed : int
        Of t-SNE, UMAP and the part that they place.
    **options
        Of a dual VAE, whose materials are crystals with powder patterns: see `crystals`; of a FormulaGAN, whose own
        samples stand beside the materials in the plane of its representation: see `formulas` of
        ``matwidgets.show_formulas``.

    Raises
    ------
    InputError
        For an element outside the generator's 89, a formula that cannot be read, fewer than three materials, another
        method or colour.
    """
    if hasattr(sampler, "encode_patterns"):
        more: dict[str, Any] = {"method": method, "colour": colour, "elements": elements, "seed": seed}
        return crystals(cast("DualVAE", sampler), cast("Crystals | None", materials), **more, **options)
    if is_gan(sampler):
        more = {"method": method, "colour": colour, "elements": elements, "seed": seed}
        return formulas(
            cast("FormulaGAN", sampler), cast("Sequence[str] | None", materials), **more, **options
        )
    if options:
        raise InputError(
            f"{', '.join(options)} are for other models, and this is {sampler!r}: leave them out"
        )
    sampler = cast("Sampler", sampler)
    from matwidgets.features.projection import project
    from matwidgets.latent import LatentMap, known_materials, materials_of, part_for, written

    given = (
        known_materials() if materials is None else materials_of(cast("Sequence[str] | DataFrame", materials))
    )
    part = part_for(method, len(given), seed)
    known = LatentMap(sampler, given, part)
    channels = known.channels(elements or ())
    linked = list(elements) if elements is not None and len(elements) > 1 else []
    return LatentExplorer(
        project(known.latent, method, seed=seed),
        channels=channels,
        units=known.units(channels),
        names=known.names,
        write=written,
        decode=known.decode,
        locate=known.locate,
        elements=linked,
        encode=(lambda x: known.encode(x, linked)) if linked else None,
        colour=colour,
        label=f"latent space of {sampler.word} with {'' if part is None else f'{len(part):,} of '}{given.source}",
    )


def space(projection: Projection) -> LatentExplorer:
    """A projection alone: points that can be chosen, without names or a decoder."""
    return LatentExplorer(projection)


CHECKS = ("neutral", "balanced", "unique", "novel")  # of `matwidgets.samplers.describe`, from the cheapest on


def gallery(
    samples: FormulaGAN | DataFrame | Mapping[str, Sequence[Any]] | Sequence[str],
    filters: Sequence[str | tuple[str, float | None, float | None]] | None = None,
    **options: Any,
) -> GeneratorGallery:
    """Generated materials as a funnel of filters and cards.

    Parameters
    ----------
    samples : FormulaGAN, DataFrame, mapping or sequence of str
        A model, of which 200 samples are drawn (see `generated` of ``matwidgets.show_formulas``); a table with the
        column ``formula``, such as that of ``matwidgets.samplers.describe`` with columns of numbers added; or formulas,
        which are described first.
    filters : sequence, optional
        As of ``GeneratorGallery``; by default neutral, balanced, unique, novel, then the other columns.
    **options
        Further arguments of ``GeneratorGallery``, such as ``units``, ``sort`` and ``label``.

    Raises
    ------
    InputError
        For no sample, a formula that cannot be read, or as ``GeneratorGallery``.
    """
    if is_gan(samples):
        return generated(cast("FormulaGAN", samples), filters, **options)
    table: Any = samples
    if isinstance(samples, str) or not (hasattr(samples, "columns") or isinstance(samples, Mapping)):
        from matwidgets.samplers import describe

        table = describe([table] if isinstance(table, str) else list(table))
    names = [str(name) for name in (table if isinstance(table, Mapping) else table.columns)]
    first = [name for name in CHECKS if name in names]
    ordered = {name: table[name] for name in [*first, *(name for name in names if name not in first)]}
    return GeneratorGallery(ordered, filters, **{"label": "generated compositions", **options})


def ledger(filled: LedgerOfClaims) -> Ledger:
    """A ledger as a table whose rows open."""
    return Ledger(filled.to_json())


def paper(record: Paper) -> Ledger | None:
    """The last known ledger of a paper; None, and so its plain name, while it is only planned."""
    return None if record.status == "planned" else ledger(record.ledger())


def decomposition(
    composition: str | Mapping[str, float] | Decomposition,
    *,
    encoder: Sampler | Callable[[list[dict[str, float]]], Any] | None = None,
    phases: Phases | None = None,
    **options: Any,
) -> DecompositionView:
    """A compound and what it decomposes into as a balance.

    Parameters
    ----------
    composition : str, mapping or Decomposition
        A finished one can be walked down from where its energies are at hand: those of `phases` or the known ones.
    encoder : Sampler or callable, optional
        For the view of the latent space: a generator, or compositions (n) -> vectors (n, d). With a generator
        differences are given over the spread of the phases' latent means.
    phases : Phases, optional
        What the hull stands on; ``matwidgets.decompositions.known_phases()`` by default.
    **options
        Further arguments of ``DecompositionView``.

    Raises
    ------
    InputError
        For a composition that cannot be read or decomposed.
    """
    from matwidgets.decompositions import decompose, known_phases
    from matwidgets.features.hull import Decomposition

    def balance(text: str | Mapping[str, float]) -> Mapping[str, Any]:
        return _balance(decompose(text, phases=phases), text)

    latent: Any = encoder
    if hasattr(latent, "encode"):
        known = known_phases() if phases is None else phases
        own = {"latent_label": f"latent means of {latent.word}", "spread": _spread(latent, known.formulas)}
        options, latent = own | options, latent.encode
    if not isinstance(composition, Decomposition):
        return DecompositionView(composition, balance, latent=latent, **options)
    walks = composition.source == (known_phases() if phases is None else phases).source
    start = _balance(composition, composition.formula)
    return DecompositionView(start, balance if walks else None, latent=latent, **options)


def inverter(
    model: AlloyModel, alloy: str | None = None, *, cutoff: float = 0.6, **options: Any
) -> AlloyInverter:
    """The loop of inverse design of alloys, a click a step: features, probability, flipped target, new alloy.

    Parameters
    ----------
    model : AlloyModel
        It stays as it is: a label that is learned in the widget makes a new one.
    alloy : str, optional
        Where to begin; the alloy that the paper inverts by default.
    cutoff : float
        Probability of the target at which the loop has arrived.
    **options
        Further arguments of ``AlloyInverter``, such as ``target``, ``size``, ``keep`` and ``forbid``.

    Raises
    ------
    InputError
        For an alloy that cannot be read, or options that are not allowed.
    """
    from matwidgets.alloy_loop import PAPER, AlloyLoop

    loop = AlloyLoop(model, cutoff)
    given: dict[str, Any] = {"learn": loop.learn, "elements": model.elements, "cutoff": cutoff, **options}
    return AlloyInverter(alloy or PAPER, loop.evaluate, loop.step, **given)


def inversion(found: Inversion) -> AlloyInverter:
    """An inversion that has ended: its alloys with their probabilities and features, to look back at."""
    from matwidgets.alloy_loop import way

    return AlloyInverter(way(found), label="Inversion")


def _balance(found: Decomposition, composition: str | Mapping[str, float]) -> dict[str, Any]:
    """A decomposition with its atomic fractions; those of the compound are its own, not its products'."""
    own = to_fractions(composition)
    given = asdict(found) | {"fractions": own}
    if not isinstance(composition, str):
        given["shown"] = pretty_formula(own, subscripts=True)
    for product in given["products"]:
        product["fractions"] = to_fractions(product["formula"])
    return given


def _spread(encoder: Sampler, formulas: Sequence[str], most: int = 2000) -> float | None:
    """Root mean square distance of the latent means of known phases from their average; None if there is none."""
    import numpy as np

    some = [formulas[i] for i in np.unique(np.linspace(0, len(formulas) - 1, most).astype(int))]
    means = encoder.encode([f for f in some if to_fractions(f).keys() <= set(encoder.elements)])
    spread = float(np.sqrt(((means - means.mean(0)) ** 2).sum(1).mean()))
    return spread if spread > 0 else None


def _evaluator(predictor: Predictor, elements: Sequence[str]) -> Evaluate:
    predictor.check_elements(elements)
    symbols = list(elements)
    return lambda fractions: predictor.evaluate(symbols, fractions)
