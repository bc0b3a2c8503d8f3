"""Latent space, inverse design and reasons of the disentangled VAE, on toys whose answers are known by hand."""

from __future__ import annotations

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

from matwidgets.alloy_models import AlloyModel
from matwidgets.features.alloys import ELEMENTS, FEATURES, descriptors, fractions
from matwidgets.features.composition import pack
from matwidgets.inverse.inversion import Inversion, Step
from matwidgets.models.disentangled_vae import DisentangledVAE, DisentangledVAEConfig
from matwidgets.papers import disentangled_vae_inverse as inverse
from matwidgets.papers import disentangled_vae_latent as latent
from matwidgets.papers import disentangled_vae_loop as loop
from matwidgets.papers import disentangled_vae_pictures as pictures
from matwidgets.papers import disentangled_vae_reasons as reasons
from matwidgets.papers import disentangled_vae_regions as regions
from matwidgets.papers import paper
from matwidgets.papers.ledger import Ledger
from matwidgets.training.alloy_tables import Alloys, of_formulas
from matwidgets.training.domain import Domain

KNOWN = ["CrMnFeCoNi", "NbMoTaW", "AlCoCrFeNi"]


def network(seed: int) -> DisentangledVAE:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = DisentangledVAE(DisentangledVAEConfig(width=8, spread=0.5)).eval().requires_grad_(False)
    f = torch.as_tensor(descriptors(fractions(KNOWN)), dtype=torch.float32)
    net.standardise(f)
    return net


def toy_model(nets: list[DisentangledVAE] | None = None) -> AlloyModel:
    members = nets or [network(seed) for seed in range(2)]
    card = {
        "word": "disentangled_vae", "property": "single_phase", "label": "Probability", "unit": "", "temperature": 1.0,
        "shown": 0, "domain": {"rows": 3, "threshold": 0.25}, "members": [{"seed": s} for s in range(len(members))],
    }  # fmt: skip
    return AlloyModel(members, Domain.of(*pack(KNOWN), threshold=0.25), card)


@pytest.fixture
def toy() -> AlloyModel:
    return toy_model()


def toy_table() -> Alloys:
    """200 alloys; those of the refractory metals are the single-phase ones."""
    generator = np.random.default_rng(0)
    formulas, labels = [], []
    for row in range(200):
        group = ("Nb", "Mo", "Ta", "W", "V") if row % 2 else ("Al", "Fe", "Ni", "Cu", "Cr")
        parts = generator.integers(5, 60, size=5)
        formulas.append("".join(f"{s}{n}" for s, n in zip(group, parts, strict=True)))
        labels.append(row % 2)
    return of_formulas(
        formulas, np.array(labels), [], [{"name": "a user's table", "sha256": None, "rows": 200}]
    )


def linear_classifier(weights: list[float]) -> DisentangledVAE:
    """A network whose logit is a weighted sum of the standardised descriptors, to a good approximation."""
    net = network(0)
    for layer in (net.classifier[0], net.classifier[2], net.classifier[4]):
        layer.weight.zero_()
        layer.bias.fill_(0.0)
    small = 1e-3  # Softplus is linear near a point: log 2 + x / 2
    net.classifier[0].weight[0] = small * torch.tensor(weights)
    net.classifier[2].weight[0, 0] = 1.0
    net.classifier[4].weight[0, 0] = 1 / small
    with torch.no_grad():
        middle = net.classifier(torch.zeros(1, 8))
    net.classifier[4].bias.fill_(-float(middle))
    return net


# -- regions -------------------------------------------------------------------------------------------------------


def test_families_count_atoms():
    x = fractions(["NbMoTaW", "FeCoNiAl", "AgPdPt", "FeTi"])
    assert regions.families(x) == ["refractory", "magnetic", "noble", "mixed"]
    np.testing.assert_allclose(regions.family_shares(x)[1], [0.75, 0, 0, 4])


def test_groups_are_disjoint_elements_of_the_paper_and_give_all_fours():
    everything = [s for group in regions.GROUPS.values() for s in group]
    assert len(set(everything)) == len(everything) and set(everything) <= set(ELEMENTS)
    names, x = regions.group_alloys()
    assert [names.count(g) for g in regions.GROUPS] == [5, 70, 126]
    assert set(x[x > 0]) == {0.25} and regions.families(x) == names


def test_box_and_area_by_hand():
    z = np.array([[0, 0], [2.4, 1.9], [2.6, 0], [0, -2.1]])
    assert regions.in_box(z) == 0.5
    cross = np.array([[3.0, 0], [-3, 0], [0, 2], [0, -2]])  # variances 6 and 8/3
    assert regions.area(cross) == pytest.approx(np.pi * 4)


def test_purity_is_one_for_clusters_and_chance_for_none():
    generator = np.random.default_rng(0)
    names = ["a"] * 30 + ["b"] * 30
    clusters = np.concatenate([generator.normal(0, 0.1, (30, 2)), generator.normal(5, 0.1, (30, 2))])
    assert regions.purity(clusters, names) == 1
    assert regions.purity(generator.normal(size=(60, 2)), names) == pytest.approx(0.5, abs=0.15)


def test_the_prior_fills_the_box_as_a_normal_distribution_says(toy):
    shares, found = regions.box_claim(toy, fractions(KNOWN))
    assert len(shares) == 2
    assert found["box"].control == pytest.approx(0.98758 * 0.95450, abs=0.003)


def test_a_member_keeps_its_own_latent_space(toy):
    x = fractions(KNOWN)
    second = regions.members(toy)[1]
    mean, _ = toy.networks[1].encode(torch.as_tensor(x, dtype=torch.float32), torch.full((3,), 0.5))
    np.testing.assert_allclose(second.encode_fractions(x, np.full(3, 0.5)), mean.numpy(), atol=1e-6)


def test_an_untrained_network_is_drawn_by_its_seed_and_keeps_the_scaling(toy):
    one, same, other = (regions.untrained(toy, s).networks[0] for s in (0, 0, 1))
    assert torch.equal(one.center, toy.networks[0].center)
    assert torch.equal(one.encoder[0].weight, same.encoder[0].weight)
    assert not torch.equal(one.encoder[0].weight, other.encoder[0].weight)


def test_a_traversal_changes_one_axis(toy):
    along, x, p = regions.traversal(toy, axis=1, at=0.3, y=0.9, steps=5, reach=2)
    assert along.tolist() == [-2, -1, 0, 1, 2]
    np.testing.assert_allclose(x[4], toy.decode([0.3, 2.0], 0.9)[0], rtol=1e-4)  # single precision
    np.testing.assert_allclose(p, toy.probability(descriptors(x)))


# -- the phase in z ------------------------------------------------------------------------------------------------


def test_what_is_in_a_coordinate_is_read_and_what_is_not_is_chance():
    generator = np.random.default_rng(0)
    y = np.tile([0, 1], 300)
    train, test = np.arange(400), np.arange(400, 600)
    plain = latent.readable(np.column_stack([y + 0.0, generator.normal(size=600)]), y, train, test)
    assert plain["line"] == plain["neighbours"] == 1 and plain["information"] > 0.6
    nothing = latent.readable(generator.normal(size=(600, 2)), y, train, test)
    assert nothing["line"] == pytest.approx(0.5, abs=0.12) and nothing["information"] < 0.05
    ring = generator.normal(size=(600, 2)) * np.where(y == 1, 3.0, 0.3)[:, None]  # no line finds a ring
    found = latent.readable(ring, y, train, test)
    assert found["line"] < 0.65 and found["neighbours"] > 0.9


def test_harder_asks_for_two_standard_errors():
    assert latent.harder([0.5, 0.52, 0.51], [0.7, 0.73, 0.70]) == "harder"
    assert latent.harder([0.5, 0.9, 0.5], [0.6, 0.7, 0.6]) == "not harder"
    assert latent.harder([0.8, 0.8], [0.7, 0.7]) == "not harder"
    assert latent.harder([0.5], [0.9]) == "not harder"


def test_a_blind_autoencoder_tells_two_families_apart():
    table = toy_table()
    z = latent.blind_points(table.x, np.arange(150), epochs=20)
    assert z.shape == (200, 2)
    assert regions.purity(z, [str(label) for label in table.y]) > 0.95


def test_disentanglement_is_judged_beside_its_controls(toy):
    frame, found = latent.disentangled(toy, toy_table())
    assert frame["space"].tolist()[0] == "latent points" and len(frame) == 5
    families = frame.set_index("space").loc["shares of three groups, number of elements"]
    assert families["neighbours"] == 1.0  # the toy's phase is its family
    assert found["disentangled"].here == pytest.approx(frame.loc[0, ["line", "neighbours"]].max())


def test_a_decoder_that_obeys_y_and_a_swap_that_keeps_z():
    class Obedient:
        """Writes refractory alloys for y = 1 and aluminium bronze for 0; z is always the same."""

        def encode_fractions(self, x, y):
            return np.zeros((len(x), 2)) + np.arange(len(x))[:, None]

        def decode(self, z, y):
            pair = fractions(["AlCu", "NbMo"])
            return pair[(np.asarray(y) > 0.5).astype(int)]

        def probability(self, f):
            return (f[:, [feature.name for feature in FEATURES].index("melting_temperature")] > 2000).astype(
                float
            )

    found = latent.swapped(Obedient(), fractions(["AlCu", "NbMo", "NbW"]), np.array([0, 1, 1]))  # type: ignore[arg-type]
    assert found["follows"].tolist() == found["kept"].tolist() == [1, 1, 1]
    assert found["moved"].tolist() == [0, 0, 0] and found["apart"].min() > 1
    assert found["overlap"].tolist() == [0, 0, 0]


# -- inverse design ------------------------------------------------------------------------------------------------


def test_the_grid_is_the_papers_range():
    grid = inverse.system_grid()
    np.testing.assert_allclose(grid.sum(axis=1), 1)
    assert grid.min() == pytest.approx(0.05) and grid.max() == pytest.approx(0.35)
    # units of 5 %: 20 = sum of five numbers from 1 to 7; by inclusion and exclusion
    assert len(grid) == 3876 - 5 * 495 + 10 * 5


def test_screening_finds_the_element_that_a_classifier_dislikes():
    size = [0.0] * 8
    size[[f.name for f in FEATURES].index("size_difference")] = -1.0  # aluminium is the large one
    frame, found = inverse.screening(toy_model([linear_classifier(size)]), toy_table())
    assert "Al" in found["screen_adverse"].here
    assert frame["probability"].is_monotonic_decreasing and "forest" in frame
    assert inverse.screening(toy_model(), None)[1] == {}


def test_generated_alloys_stand_beside_the_papers(toy):
    frame, found = inverse.generated(toy)
    assert len(frame) == 2 * 5
    assert set(frame.loc[frame["place"] == "refractory", "paper"]) == {row[2] for row in inverse.PRINTED[:2]}
    np.testing.assert_array_equal(frame["agrees"], (frame["probability"] > 0.5) == (frame["y"] > 0.5))
    assert set(found) == {"generate_single", "generate_multi", "generate_turn"}


def test_agreement_is_compared_between_rare_and_dense_places(toy):
    x = regions.group_alloys()[1]
    frame, found = inverse.agreement(toy, x)
    assert len(frame) == 4 and frame[["all", "rare", "dense"]].to_numpy().max() <= 1
    assert inverse._rarer(0.5, 0.6) == "rarer" and inverse._rarer(0.58, 0.6) == "not rarer"
    assert found["generate_rare"].control == "not rarer"


def step(alloy: str, p: float) -> Step:
    return Step(
        alloy, dict(zip(ELEMENTS, fractions([alloy])[0], strict=True)), p, 0.1, [0.0, 0.0], None, 0.0, True
    )


def test_lengths_are_shares_of_atoms():
    found = Inversion([step("FeNi", 0.1), step("FeCo", 0.4), step("FeCo3", 0.7)], True, "converged", "")
    np.testing.assert_allclose(loop.lengths(found), [0.5, 0.25])
    assert loop.way_written(found) == ["Fe50Ni50 (0.10)", "Fe50Co50 (0.40)", "Fe25Co75 (0.70)"]


def test_random_walks_go_as_far_as_they_are_told(toy):
    start = fractions(["AlCu"])[0]
    walks = loop.random_walks(toy, start, [0.2, 0.1], walks=7)
    assert walks.x.shape == (7, 3, 30)
    np.testing.assert_allclose(walks.x.sum(axis=2), 1)
    np.testing.assert_allclose(np.abs(np.diff(walks.x, axis=1)).sum(axis=2) / 2, [[0.2, 0.1]] * 7)


def test_directions_of_the_papers_own_inversion():
    """Section 3.3.1 says that all four descriptors go its way."""
    before, after = fractions([loop.EXAMPLE, "Fe21Ni22Cr22Co35"])
    assert loop.directions(before, after) == 4 and loop.directions(after, before) == 0


def test_an_inversion_is_judged_by_walks_and_by_a_forest(toy):
    found, frame, findings = loop.inversion(toy, toy_table())
    assert (
        frame["name"].tolist() == [f.name for f in FEATURES] and sorted(frame["wanted"].abs())[-4:] == [1] * 4
    )
    assert set(findings) == {
        "invert_probability", "invert_steps", "invert_keeps", "invert_features", "invert_confirmed"
    }  # fmt: skip
    assert "invert_confirmed" not in loop.inversion(toy)[2]
    assert findings["invert_steps"].here == (len(found.steps) - 1 if found.converged else 11)


def test_success_counts_every_alloy_once():
    toy = toy_model([linear_classifier([-1.0, 0, 0, 0, 0, 0, 0, 0])])  # calls stiff alloys multi-phase
    table = toy_table()
    table = replace(table, y=1 - table.y)  # and so does the table
    frame, found = loop.success(toy, table, number=4)
    row = frame.iloc[0]
    assert 0 < row["alloys"] <= 4
    assert row["converged"] + row["cycle"] + row["limit"] == row["alloys"]
    assert found["invert_success"].here == (
        "most" if row["converged"] > row["alloys"] / 2 else "fewer than half"
    )


# -- reasons -------------------------------------------------------------------------------------------------------


def test_a_classifier_of_the_papers_signs_has_all_four():
    weights = [float(loop.DIRECTIONS.get(f.name, 0)) for f in FEATURES]
    f = descriptors(fractions(toy_table().formulas[:20]))
    model = toy_model([linear_classifier(weights)])
    found = reasons.reasons(model.probability, f, f[:6])
    assert reasons.right_signs(found.correlation) == 4
    for name, wanted in loop.DIRECTIONS.items():
        assert found.correlation[name] * wanted > 0.9  # additive in the logit, monotonous in each
    idle = [i for i, feature in enumerate(FEATURES) if feature.name not in loop.DIRECTIONS]
    np.testing.assert_allclose(found.values[:, idle], 0, atol=1e-6)
    turned = reasons.reasons(toy_model([linear_classifier([-w for w in weights])]).probability, f, f[:6])
    assert reasons.right_signs(turned.correlation) == 0


def test_signs_have_controls(toy, monkeypatch):
    monkeypatch.setattr(reasons, "EPOCHS", 2)
    monkeypatch.setattr(reasons, "BACKGROUND", 4)
    monkeypatch.setattr(reasons, "FEW_BACKGROUND", 2)
    monkeypatch.setattr(reasons, "FEW", 6)
    found, frame, findings = reasons.signs(toy, toy_table())
    assert found.values.shape == (20, 8) and len(frame) == 8
    assert 0 <= findings["shap_signs"].control <= 4
    plt.close(pictures.beeswarm(found))


def test_values_before_and_after_sum_to_the_change():
    toy = toy_model([linear_classifier([0.1] * 8)])
    way = Inversion([step("AlCu", 0.1), step("NbMo", 0.7)], True, "converged", "")
    frame, found = reasons.before_and_after(toy, way)
    change = np.diff(toy.probability(descriptors(fractions(["AlCu", "NbMo"]))))[0]
    assert frame["value_after"].sum() - frame["value_before"].sum() == pytest.approx(change, abs=1e-6)
    assert 0 <= found["shap_inversion"].control <= 4


# -- record and pictures -------------------------------------------------------------------------------------------


def test_findings_enter_the_ledger(toy):
    """Every id is a claim of the record, with values of the kind that it publishes."""
    ledger = Ledger("disentangled_vae", paper("disentangled_vae").claims)
    x = regions.group_alloys()[1]
    mixed = np.concatenate([x, fractions(["FeNi", "AgAu", "NbW", "FeCr"])])
    found, _, one = loop.inversion(toy, toy_table())
    for each in (
        regions.box_claim(toy, x)[1], regions.simple_apart(toy, mixed)[1], regions.groups_apart(toy)[1],
        latent.swap_test(toy, toy_table())[1], inverse.generated(toy)[1], inverse.agreement(toy, x)[1],
        one, reasons.before_and_after(toy, found)[1],
    ):  # fmt: skip
        ledger.enter(**each)
    assert len(ledger.findings) == 15
    assert ledger.verdicts()["disentangled"] == "not attempted"


def test_pictures_name_their_axes_and_units(toy):
    names, x = regions.group_alloys()
    z = np.random.default_rng(0).normal(size=(len(x), 2))
    y = np.arange(len(x)) % 2
    found = toy.invert(loop.EXAMPLE)
    frame, _ = reasons.before_and_after(toy, found)
    seen = pd.DataFrame(
        {
            "space": ["here", "there"],
            "line": [0.5, 0.6],
            "neighbours": [0.5, 0.7],
            "line_std": 0.1,
            "neighbours_std": 0.1,
        }
    )
    made = {
        "alloys per unit area": pictures.phases(z, y),
        "elements in the alloy": pictures.numbers(z, x),
        "z1 (dimensionless)": pictures.groups(z, names, z),
        "area under the ROC curve": pictures.readers(seen),
        "share of the atoms": pictures.traversals(*regions.traversal(toy, steps=5)),
        "probability of a single phase, judged": pictures.generated(inverse.generated(toy)[0]),
        "probability of a single phase": pictures.path(found, z),
        "Shapley value (probability of a single phase)": pictures.bars(frame),
    }
    for label, figure in made.items():
        labels = " ".join(axes.get_xlabel() + " " + axes.get_ylabel() for axes in figure.axes)
        assert label in labels.replace("\n", " "), label
        plt.close(figure)
