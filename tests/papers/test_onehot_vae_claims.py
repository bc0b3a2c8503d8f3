"""What the experiments of the one-hot VAE hand to the ledger, on toy materials whose answers are known."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

from matwidgets.errors import InputError
from matwidgets.features import onehot
from matwidgets.features.hull import Phases
from matwidgets.models.onehot_vae import OneHotVAE, OneHotVAEConfig
from matwidgets.papers import onehot_vae_data as data
from matwidgets.papers import onehot_vae_figures as figures
from matwidgets.papers import onehot_vae_latent as latent
from matwidgets.papers import onehot_vae_samples as samples
from matwidgets.papers import paper
from matwidgets.papers.onehot_vae import (
    WIDTHS,
    WidthResult,
    decomposition_similarity,
    sample_statistics,
)
from matwidgets.samplers import Sampler

SALTS = [a + b for a in ("Na", "K", "Li", "Rb") for b in ("Cl", "F", "Br")]
OXIDES = ["BaTiO3", "CaTiO3", "MgAl2O4", "SrTiO3", "Li2SiO3", "NaAlO2"]
GA_MO_S = {"GaMo4S8": -1.0, "MoS2": -1.2, "GaS": -0.9, "Ga31Mo6": -0.2, "Ga2S3": -0.7}


def network(likelihood: str = "multinomial") -> Sampler:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = OneHotVAE(OneHotVAEConfig(likelihood=likelihood)).eval().requires_grad_(False)  # type: ignore[arg-type]
    decoding = {"rule": "threshold_gcd", "threshold": 0.01, "tolerance": 0.02}
    return Sampler(net, {"word": "onehot_vae", "decoding": decoding, "classified": 0})


def test_shuffled_columns_keep_the_elements_and_lose_the_materials():
    counts = onehot.count_vectors(SALTS * 20)
    shuffled = data.shuffled_presences(counts, seed=1)
    np.testing.assert_array_equal(shuffled.sum(0), counts.sum(0))
    assert set((counts > 0).sum(1)) == {2} and len(set((shuffled > 0).sum(1))) > 2


def test_round_trips_count_every_material_once():
    counts = onehot.count_vectors(["NaCl", "Al2O3", "MgAl2O4", "TiO2"])
    assert data.round_trips(counts, at_once=3) == {"threshold_gcd": 0.5, "smallest_denominator": 1.0}


def test_facts_carry_their_control():
    _, control, found = data.sparse_and_uncorrelated(onehot.count_vectors(SALTS * 20))
    assert found["n_elements"].here == 7
    assert found["most_elements"].here == 2 and found["most_elements"].control == control.most_elements > 2
    assert found["strongest_pair"].here in {
        "Br-Cl",
        "Br-F",
        "Cl-F",
        "K-Li",
        "K-Na",
        "K-Rb",
        "Li-Na",
        "Li-Rb",
        "Na-Rb",
    }


def test_places_of_the_papers_example():
    found = data.positions()["positions"]
    assert (found.here, found.control) == ("26, 44, 66", "31, 42, 16")


def test_the_printed_line_does_not_balance_and_gas_mends_it():
    """37/559, 498/559 and 24/559 are the exact weights of Ga31Mo6, MoS2 and GaS."""
    exact = {"Ga31Mo6": 37 / 559, "MoS2": 498 / 559, "GaS": 24 / 559}
    assert data.residual(data.EXAMPLE, exact) < 1e-12
    printed = {name: float(a) for name, a in data.PRINTED.items()}
    assert data.residual(data.EXAMPLE, printed) > 0.005
    printed["GaS"] = printed.pop("GaS2")
    assert data.residual(data.EXAMPLE, printed) < 0.001


def test_the_worked_example_on_phases_whose_answer_is_exact():
    example, found = data.worked_example(Phases(list(GA_MO_S), list(GA_MO_S.values())))
    assert found["example_products"].here == "Ga31Mo6 + GaS + MoS2"
    assert found["example_weight"].here == pytest.approx(498 / 559)
    mixture = (37 * -0.2 + 498 * -1.2 + 24 * -0.9) / 559
    assert found["example_hull"].here == pytest.approx(-1.0 - mixture)
    assert found["example_rebuilds"].here == found["example_rebuilds"].control == "exactly"
    assert example.corrected_residual < 0.001 < example.printed_residual


def test_most_components_looks_at_every_material_that_could_have_more():
    phases = Phases(["NaCl", "KCl", "KBr", "NaKCl2", "NaK2BrCl2"], [-2.0, -2.1, -1.9, -1.0, -1.0])
    formulas = ["NaCl", "NaKCl2", "NaK2BrCl2"]
    found = data.most_components(onehot.count_vectors(formulas), formulas, phases)["most_components"]
    assert (found.here, found.control) == (3, 4)


def test_widths_are_chosen_by_rule():
    falling = [WidthResult(w, n, 0.1, 0.1) for w, n in ((50, 20.0), (100, 12.0), (200, 10.4), (400, 10.0))]
    flat = [WidthResult(w, 4.72, 5.0, 5.0) for w in (50, 100, 200, 400)]
    found = samples.width_claim(falling, flat)["width"]
    assert (found.here, found.control) == (200, 50)


def test_the_sweep_trains_both_likelihoods():
    frame = pd.DataFrame({"formula": SALTS * 1200, "split": ["train", "train", "val", "train"] * 3600})
    found = samples.small_sweep(frame, widths=(20,))
    assert {name: [each.width for each in results] for name, results in found.items()} == {
        "multinomial": [20],
        "Bernoulli": [20],
    }


def test_samples_of_an_untrained_network_are_told_from_luck():
    counts = onehot.count_vectors(SALTS * 50)
    generation, found = samples.paper_samples(network(), counts, threshold=0.012)
    assert found["prevalence_kl"].here > 1 > found["prevalence_kl"].control
    assert found["elements_match"].here == "poor"
    assert generation.luck.kl_fractions < 0.01
    assert found["few_complex"].here in ("fewer", "more")


def test_a_network_that_always_says_the_same_is_found_out():
    sampler = network("bernoulli")
    with torch.no_grad():
        last = sampler.net.decoder[-1]
        last.weight.zero_()
        last.bias.fill_(-9.0)
        last.bias[onehot.INDEX["O"]] = 3.0
    found = samples.collapse(sampler, onehot.count_vectors(OXIDES))["bernoulli_kl"]
    assert "100% of the samples are one element, 1 of 10,000" in found.why
    assert found.here > 3


def test_worth_counts_by_hand():
    counts = onehot.count_vectors(["NaCl", "NaCl", "NaCl3", "K2O"])
    seen = samples.worth({"a": counts}, onehot.count_vectors(["NaCl", "K2O"])).loc["a"]
    assert seen["neutral"] == pytest.approx(3 / 4) and seen["distinct"] == pytest.approx(3 / 4)
    assert seen["novel"] == pytest.approx(1 / 4)


def test_formulas_are_written_as_coarsely_as_the_samplers():
    coarse = samples.rounded_alike(onehot.count_vectors(["Al2O3", "Na99Cl101"]), network())
    assert onehot.formulas_of(coarse) == ["Al2O3", "NaCl"]


def test_every_composition_of_known_elements_decomposes():
    phases = Phases(["NaCl", "KCl"], [-2.0, -2.1])
    found = samples.all_decompose(["NaKCl2", "Na7Cl"], ["NaCl", "FeCl2"], phases)["samples_decompose"]
    assert (found.here, found.control) == (1.0, 0.5)


class Energies:
    def predict(self, formulas):
        return pd.DataFrame({"formula": formulas, "value": [-2.1 if f == "NaCl" else -1.0 for f in formulas]})


def test_distances_from_the_hull_by_hand():
    phases = Phases(["NaCl"], [-2.0])
    above = samples.above_the_hull(["NaCl", "Na3Cl", "Na"], Energies(), phases)  # type: ignore[arg-type]
    assert above[0] == 0  # below the known one
    assert above[1] == pytest.approx(0.0)  # -1.0 for half NaCl and half Na, which has -1.0


def test_what_is_kept_by_an_untrained_encoder_holds_trivially():
    frame = ["BaTiO3", "CaTiO3", "MgAl2O4", "Li2SiO3", "NaAlO2"]
    oxides = {
        "BaO": -2.8,
        "TiO2": -3.2,
        "CaO": -3.3,
        "MgO": -3.1,
        "Al2O3": -3.3,
        "Li2O": -2.0,
        "SiO2": -3.1,
        "Na2O": -1.4,
    }
    phases = Phases([*oxides, *frame], [*oxides.values(), *([-1.0] * len(frame))])
    materials, products = latent.decompose_some(frame, phases, most=5)
    assert sorted(materials) == sorted(frame) and all(len(p) == 2 for p in products)
    similar, found = latent.kept(network(), materials, products)
    assert found["similarity"].control == "kept" and found["linear"].control == "largely"
    assert found["learned"].control == "not learned"
    assert np.median(similar["untrained, shuffled"].cosine) > 0.9


def test_what_the_latent_space_knows_is_measured_beside_the_mean():
    table = pd.DataFrame({"formula": SALTS, "energy": np.linspace(-3, -1, len(SALTS))})
    seen = latent.what_it_knows(network(), table, table).set_index("inputs")
    assert seen.loc["nothing: the mean", "mae"] == pytest.approx(np.abs(np.linspace(-1, 1, 12)).mean())
    with pytest.raises(InputError, match="0 training and 12 test materials"):
        latent.what_it_knows(network(), table[:0], table)


def test_a_way_begins_and_ends_at_its_materials():
    sampler = network()
    t, along = latent.way(sampler, "NaCl", "TiC", steps=5)
    assert t.tolist() == [0, 0.25, 0.5, 0.75, 1] and along.shape == (5, 89)
    np.testing.assert_allclose(along[[0, -1]], sampler.decode(sampler.encode(["NaCl", "TiC"])), atol=1e-6)


def test_every_finding_is_a_claim_of_the_record():
    ids = {claim.id for claim in paper("onehot_vae").claims}
    assert len(ids) == len(paper("onehot_vae").claims) >= 20


def test_figures_name_their_axes_and_units():
    sampler = network()
    counts = onehot.count_vectors(SALTS)
    statistics = sample_statistics(counts, counts)
    similar = decomposition_similarity(
        sampler, OXIDES[:2], [{"BaO": 0.4, "TiO2": 0.6}, {"CaO": 0.4, "TiO2": 0.6}]
    )
    t, along = latent.way(sampler, "NaCl", "TiC", steps=5)
    made = {
        "atoms": figures.encoding("Ga(MoS2)4"),
        "share of the atoms": figures.mixture("BaTiO3", {"BaO": 0.4, "TiO2": 0.6}),
        "share of materials (%)": figures.elements_each({"data": statistics.data_elements}),
        "(nats)": figures.latent_use({"multinomial": [1.0, 0.0]}),
        "negative ELBO (nats)": figures.widths({"multinomial": [WidthResult(50, 20.0, 0.1, 0.1)]}),
        "share of all atoms (%)": figures.prevalences(statistics),
        "share of materials below": figures.similarities({"trained": similar}),
        "median cosine similarity": figures.by_components({"trained": similar}),
        "(eV/atom)": figures.hull_distances({"data": np.array([0.0, 0.2])}, 0.05),
        "PC 1": figures.map_of(np.zeros((3, 2)), np.array([1, 2, 3]), ("PC 1", "PC 2")),
        "along the way": figures.walk(t, along, "NaCl", "TiC"),
    }
    for label, figure in made.items():
        labels = " ".join(axes.get_xlabel() + " " + axes.get_ylabel() for axes in figure.axes)
        assert label in labels.replace("\n", " "), label
        plt.close(figure)


def test_the_recorded_sweep_is_readable_and_complete():
    recorded = samples.recorded_widths()
    assert set(recorded) == {"multinomial, recorded", "Bernoulli, recorded"}
    for results in recorded.values():
        assert tuple(each.width for each in results) == WIDTHS
