"""What the experiments of the disentangled VAE hand to the ledger, on toy alloys whose answers are known."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from matwidgets.alloy_models import AlloyModel
from matwidgets.data import builtin
from matwidgets.data.alloys import repeated_compositions
from matwidgets.errors import InputError
from matwidgets.features.alloys import ELEMENTS
from matwidgets.features.composition import pack
from matwidgets.models.disentangled_vae import DisentangledVAE, DisentangledVAEConfig
from matwidgets.papers import disentangled_vae as shared
from matwidgets.papers import disentangled_vae_budgets as budgets
from matwidgets.papers import disentangled_vae_data as data
from matwidgets.papers import disentangled_vae_evaluation as evaluation
from matwidgets.papers import disentangled_vae_figures as figures
from matwidgets.papers import disentangled_vae_labels as labels
from matwidgets.papers import disentangled_vae_trust as trust
from matwidgets.papers import paper
from matwidgets.papers.disentangled_vae_budgets import Budget
from matwidgets.papers.disentangled_vae_evaluation import (
    FOREST,
    MAJORITY,
    PARTS,
    PERCEPTRON,
    VAE,
    FiveSeeds,
    Judged,
)
from matwidgets.training import controls
from matwidgets.training.alloy_tables import Alloys, of_formulas
from matwidgets.training.classification import reliability
from matwidgets.training.domain import Domain
from matwidgets.training.semi_supervised_recipe import preset


@pytest.fixture(scope="module")
def alloys() -> Alloys:
    frame = builtin.alloys(160, seed=3)
    formulas = frame["formula"].tolist()
    return of_formulas(formulas, frame["single_phase"].to_numpy(), [], frame.attrs["sources"])


def toy_model(given: Alloys, members: int = 2) -> AlloyModel:
    """Untrained networks, one a seed."""
    nets = []
    for seed in range(members):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = DisentangledVAE(DisentangledVAEConfig(width=8, spread=0.5)).eval().requires_grad_(False)
        net.standardise(torch.as_tensor(given.f, dtype=torch.float32))
        nets.append(net)
    card = {
        "word": "disentangled_vae", "property": "single_phase", "label": "Probability", "unit": "", "temperature": 2.0,
        "shown": 1, "domain": {"rows": 1, "threshold": 0.25}, "members": [{"seed": i} for i in range(members)],
    }  # fmt: skip
    return AlloyModel(nets, Domain.of(*pack(["CrMnFeCoNi"]), threshold=0.25), card)


def judged(y: list[int], p: list[float]) -> Judged:
    return Judged(np.array(y), np.array(p))


def five(p: dict[str, list[float]], y: list[int]) -> FiveSeeds:
    """The same answers in all parts and two seeds."""
    each = {name: {part: [judged(y, values)] * 2 for part in PARTS} for name, values in p.items()}
    return FiveSeeds(each, {})


# -- data -----------------------------------------------------------------------------------------------------------


def test_sizes_by_hand():
    """137.3 test rows are 138 if what is taken is rounded up, 137 if to the nearest."""
    assert data.rounded_sizes(1373) == (865, 297, 74, 137)


def test_facts_count_texts_compositions_and_conflicts():
    formulas = [f"Fe{i}Ni{100 - i}" for i in range(1, 60)] + ["FeNiCr", "Fe2Ni2Cr2"]
    given = of_formulas(formulas, np.arange(61) % 2, [], [{"name": "toy", "sha256": None, "rows": 61}])
    given = replace(given, repeated=repeated_compositions(formulas, given.y.tolist()))
    facts = data.dataset_facts(given)
    assert (facts.alloys, facts.compositions, facts.single) == (61, 60, 30)
    assert len(facts.conflicts) == 1 and "Fe2Ni2Cr2" in facts.conflicts[0]
    assert sum(facts.sizes) == 61 and facts.known_systems == 1.0


@pytest.mark.data
def test_the_papers_data_come_out():
    given = shared.alloys()
    facts, found = data.data_claims(given)
    assert (facts.alloys, facts.single, len(facts.conflicts)) == (1373, 710, 3)
    assert {name: (f.here, f.control) for name, f in found.items()} == {
        "data_alloys": (1373, 1375), "data_elements": (30, pytest.approx(900 / 70)),
        "data_sizes": ("864 / 296 / 75 / 138", "865 / 297 / 74 / 137"),
    }  # fmt: skip
    frame = data.agreement().set_index("descriptor")
    assert (frame["agrees"] >= 0.98).all() and frame.attrs["rows"] == 1375
    assert frame.loc["Melting temperature", "agrees"] == pytest.approx(1 - 26 / 1375)  # tin


def test_without_the_table_the_rule_takes_its_place(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shared, "have_table", lambda: False)
    make = builtin.alloys
    monkeypatch.setattr(builtin, "alloys", lambda: make(50))
    given = shared.alloys()
    assert given.own and len(given.formulas) == 50 and set(given.y) <= {0, 1}


def test_test_rows_do_not_depend_on_the_number_of_labels(alloys: Alloys):
    few, many = shared.rows_of(alloys, 1, 0.2), shared.rows_of(alloys, 1, 0.7)
    np.testing.assert_array_equal(few.test, many.test)
    assert set(few.labelled) < set(many.labelled)
    parts = shared.tables(alloys, few)
    assert len(parts["train"].y) == len(few.labelled) + len(few.unlabelled)
    assert (parts["train"].y[len(few.labelled) :] == -1).all() and (parts["val"].y >= 0).all()


# -- the training on labels alone -----------------------------------------------------------------------------------


def test_labels_only_learns_from_no_unlabelled_row(alloys: Alloys):
    """Other fractions and descriptors of the unlabelled rows change nothing but the scaling, which is kept here."""
    parts = shared.tables(alloys, shared.rows_of(alloys, 0, 0.5))
    config, recipe = preset("binder", epochs=3)
    known = parts["train"].y >= 0
    other = parts["train"]._replace(x=torch.where(known[:, None], parts["train"].x, 1 / 30))
    nets = []
    for train in (parts["train"], other):
        job = shared.LabelsOnly(config, recipe, train, parts["val"])
        before = job.net.decoder[0].weight.clone()
        while not job.finished:
            job.advance()
        assert torch.equal(job.net.decoder[0].weight, before)
        nets.append(job.net)
    assert torch.equal(nets[0].classifier[0].weight, nets[1].classifier[0].weight)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        first = DisentangledVAE(config)
    assert not torch.equal(nets[0].classifier[0].weight, first.classifier[0].weight)


# -- accuracy and reconstruction ------------------------------------------------------------------------------------


def test_accuracy_and_area_by_hand():
    one = judged([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1])
    assert one.accuracy == 0.5 and one.auc == 0.75
    assert math.isnan(judged([1, 1], [0.9, 0.4]).auc)


def test_every_seed_is_asked_about_its_own_rows(alloys: Alloys, monkeypatch: pytest.MonkeyPatch):
    fit = controls.fit
    monkeypatch.setattr(controls, "fit", lambda kind, f, y, seed: fit(kind, f, y, seed, trees=10))
    model = toy_model(alloys)
    model.card["members"] = [{"seed": 3}, {"seed": 6}]  # as a training from another seed leaves them
    found = evaluation.five_seeds(model, alloys)
    rows = shared.rows_of(alloys, 6)
    f = torch.as_tensor(alloys.f[rows.test], dtype=torch.float32)
    p = model.networks[1].classify(f).sigmoid().numpy()
    np.testing.assert_allclose(found.judged[VAE]["test"][1].p, p, atol=1e-6)
    np.testing.assert_array_equal(found.judged[FOREST]["test"][1].y, alloys.y[rows.test])
    assert (
        found.values(FOREST, "training", "accuracy").min()
        > 0.95
        > found.values(MAJORITY, "training", "auc").max()
    )
    frame = found.frame()
    assert list(frame.index) == [VAE, FOREST, PERCEPTRON, MAJORITY] and "±" in frame.loc[VAE, "test"]


def test_the_best_seed_is_said_to_be_a_choice_on_test_rows():
    found = five(
        {VAE: [0.9, 0.4, 0.6, 0.1], FOREST: [0.9, 0.8, 0.2, 0.1], PERCEPTRON: [0.5] * 4}, [1, 1, 0, 0]
    )
    claims = evaluation.accuracy_claims(found)
    assert (claims["acc_test"].here, claims["acc_test"].control) == (0.5, 1.0)
    assert (claims["roc_best"].here, claims["roc_best"].control) == (0.75, 1.0)
    assert "choice on test rows" in claims["roc_best"].why


def test_roc_band_of_a_perfect_and_a_useless_classifier():
    band = evaluation.roc_band([judged([1, 0], [1, 0]), judged([1, 0], [0.5, 0.5])], points=3)
    np.testing.assert_allclose(band.mean, [0.5, 0.75, 1])  # (1, 1, 1) and the diagonal (0, 0.5, 1)
    assert band.area == (0.75, pytest.approx(np.std([1, 0.5], ddof=1)))


def test_atoms_in_common_by_hand():
    a, b = np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.5, 0.25])
    assert evaluation.kept(a, b) == 0.75 and evaluation.kept(a, a) == 1.0


def test_an_alloy_that_was_learned_is_not_asked_for_again(alloys: Alloys):
    rows = shared.rows_of(alloys, 0)
    x = alloys.x[[rows.labelled[0], rows.test[0]]]
    assert evaluation.unseen(alloys, x, seeds=[0]).tolist() == [[False], [True]]


def test_table_1_is_rebuilt_and_scored(alloys: Alloys):
    found = FiveSeeds({}, {FOREST: [lambda f: np.full(len(f), 0.9)] * 2})
    frame, claims = evaluation.reconstructions(toy_model(alloys), alloys, found)
    assert len(frame) == 4 and ((frame["kept"] > 0) & (frame["kept"] < 1)).all()
    assert claims["table1_classes"].control == 2  # two of four have a single phase
    published = {claim.id: claim.published for claim in paper("disentangled_vae").claims}
    assert published["table1_kept"] == pytest.approx(frame["printed_kept"].mean(), abs=5e-4)


# -- trust ----------------------------------------------------------------------------------------------------------


def test_an_overconfident_classifier_is_not_reliable_until_it_is_cooled():
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 2, 4000)
    y = (generator.random(4000) < 1 / (1 + np.exp(-logits))).astype(int)
    sharp, fair = 1 / (1 + np.exp(-3 * logits)), 1 / (1 + np.exp(-logits))
    found, claims = trust.calibration(
        FiveSeeds(
            {VAE: {part: [Judged(y, sharp)] for part in PARTS}, FOREST: {"test": [Judged(y, fair)]}}, {}
        )
    )
    assert found.temperature == pytest.approx(3, rel=0.1)
    assert (claims["trust_probability"].here, claims["trust_probability"].control) == (
        "not reliable",
        "reliable",
    )
    assert found.curves[trust.AFTER].ece < found.chance[trust.AFTER] < found.curves[trust.BEFORE].ece


def test_error_by_chance_falls_with_the_rows():
    few, many = (trust.error_by_chance(np.full(n, 0.5), draws=200) for n in (25, 2500))
    assert few / many == pytest.approx(10, rel=0.3)  # a share's standard error falls as the root of the rows


def test_folds_by_elements_hide_a_system_from_its_training(monkeypatch: pytest.MonkeyPatch):
    """Where the label is a matter of the elements alone, random folds know it and folds by element set do not."""
    pairs = [(a, b) for i, a in enumerate(ELEMENTS[:9]) for b in ELEMENTS[i + 1 : 9]]
    label = {
        pair: int(k)
        for pair, k in zip(pairs, np.random.default_rng(5).integers(0, 2, len(pairs)), strict=True)
    }
    formulas = [f"{a}{k}{b}{20 - k}" for a, b in pairs for k in range(8, 13)]
    y = np.array([label[pair] for pair in pairs for _ in range(5)])
    given = of_formulas(formulas, y, [], [{"name": "toy", "sha256": None, "rows": len(y)}])
    found = trust.cross_validation(given, folds=3, epochs=2, trees=20)
    right = {kind: np.mean([one.accuracy for one in each[FOREST]]) for kind, each in found.items()}
    assert right[trust.RANDOM] > 0.9 > 0.8 > right[trust.GROUPED]
    for each in found.values():
        assert sum(len(one.y) for one in each[VAE]) == len(y)
    claim = trust.grouped_claims(found)["trust_new_systems"]
    areas = [one.auc for one in found[trust.GROUPED][VAE]]
    assert claim.here == pytest.approx(np.mean(areas)) and "random folds" in claim.why


# -- labels ---------------------------------------------------------------------------------------------------------


def budget(method: str, labelled: int, seed: int, accuracy: float) -> Budget:
    return Budget(method, labelled, 10, 5, seed, 1, 1.0, 0.9, accuracy, None, 0.1)  # type: ignore[arg-type]


PAIRS = [
    *(budget(labels.WITH, n, s, a) for n, s, a in ((20, 0, 0.8), (20, 1, 0.9), (90, 0, 0.9), (90, 1, 0.9))),
    *(
        budget(labels.WITHOUT, n, s, a)
        for n, s, a in ((20, 0, 0.7), (20, 1, 0.6), (90, 0, 0.9), (90, 1, 0.9))
    ),
    *(budget(labels.AGAIN, n, s, a) for n, s, a in ((20, 0, 0.7), (20, 1, 0.7), (90, 0, 0.8), (90, 1, 0.8))),
    budget(labels.WITH, 20, 2, 0.1),  # without its twin: it does not count
]


def test_gains_are_paired_by_hand():
    frame = labels.paired(PAIRS).set_index("labelled")
    assert frame.loc[20, "seeds"] == 2
    assert frame.loc[20, ["first", "second", "gain"]].tolist() == pytest.approx([0.85, 0.65, 0.2])
    assert frame.loc[20, "gain_std"] == pytest.approx(np.std([0.1, 0.3], ddof=1))
    assert frame.loc[20, "error"] == pytest.approx(0.1)
    found = labels.label_claims(PAIRS)
    assert (found["gain_few"].here, found["gain_few"].control) == (pytest.approx(0.2), pytest.approx(0.05))
    assert (found["labels_many"].here, found["gain_many"].control) == (
        pytest.approx(0.9),
        pytest.approx(-0.1),
    )
    with pytest.raises(InputError, match="No seed with both"):
        labels.paired(PAIRS[:2])
    with pytest.raises(InputError, match=r"1 numbers of labels, \[20\]"):
        labels.label_claims([one for one in PAIRS if one.labelled == 20])


def test_a_gain_is_told_from_none_by_its_spread():
    both = ((labels.WITH, 0.82), (labels.WITHOUT, 0.8))
    steady = [budget(m, 20, s, a + 0.001 * s) for s in range(5) for m, a in both]
    assert labels.told_apart(steady)["verdict"].tolist() == ["better"]
    assert labels.told_apart(steady, labels.WITHOUT, labels.WITH)["verdict"].tolist() == ["worse"]
    noisy = [
        replace(b, test_accuracy=b.test_accuracy + 0.1 * (b.seed % 2) * (b.method == labels.WITH))
        for b in steady
    ]
    frame = labels.told_apart(noisy)
    assert frame["gain"].tolist() == pytest.approx([0.06]) and frame["error"].tolist() == pytest.approx(
        [0.0245], rel=0.01
    )
    assert frame["verdict"].tolist() == ["no difference"]  # Student's limit for five seeds is 2.78 errors
    assert labels.told_apart(steady[:8])["verdict"].tolist() == ["too few seeds"]


def test_a_budget_is_trained_recorded_and_gone_on_with(
    alloys: Alloys, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "budgets.json"
    made = {"shares": (0.3, 0.6), "seeds": (0,), "epochs": 2}
    first = budgets.record(alloys, out, "the command", methods=("labels only",), **made)
    assert [row["labelled"] for row in first["rows"]] == [43, 86]  # of 144 rows that are not test rows
    every = budgets.record(alloys, out, "the command", **made)
    assert every["rows"][:2] == first["rows"] and len(every["rows"]) == 2 * len(budgets.METHODS)
    assert json.loads(out.read_text("utf-8")) == every and every["command"] == "the command"
    assert budgets.recorded(out)[0] == Budget(**first["rows"][0])
    assert capsys.readouterr().out.count("labels, seed 0") == 8
    again = budgets.train(alloys, "labels only", 0.3, 0, 2)
    assert replace(again, seconds=0) == replace(budgets.recorded(out)[0], seconds=0)
    with pytest.raises(
        InputError, match=r"budgets.json holds trainings with 2 epochs, not 3: name another file"
    ):
        budgets.record(alloys, out, "the command", shares=(0.3,), seeds=(0,), epochs=3)
    with pytest.raises(InputError, match="Unknown method 'magic'; allowed are semi-supervised"):
        budgets.train(alloys, "magic", 0.3, 0, 1)  # type: ignore[arg-type]


def test_the_taste_trains_pairs_and_their_control(alloys: Alloys):
    found = labels.taste(alloys, shares=(0.3, 0.6), seeds=(0,), epochs=1)
    assert [b.method for b in found] == [labels.WITH, labels.WITHOUT, labels.AGAIN] * 2
    assert set(labels.label_claims(found)) == {"labels_few", "labels_many", "gain_few", "gain_many"}


def test_the_command_says_how_to_get_the_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    assert budgets.main(["--out", str(tmp_path / "b.json")]) == 1
    error = capsys.readouterr().err
    assert "`matwidgets data fetch yan2021_alloys`" in error and error.count("\n") == 1
    assert budgets.main(["--epochs", "0"]) == 1
    assert "epochs is 0; it must be a whole number from 1" in capsys.readouterr().err
    command = [sys.executable, "-m", "matwidgets.papers.disentangled_vae_budgets", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
    assert done.returncode == 0 and "--seconds" in done.stdout


# -- record and figures ---------------------------------------------------------------------------------------------


def test_every_finding_is_a_claim_of_the_record():
    ids = {claim.id for claim in paper("disentangled_vae").claims}
    found = five(
        {VAE: [0.9, 0.4, 0.6, 0.1], FOREST: [0.9, 0.8, 0.2, 0.1], PERCEPTRON: [0.5] * 4}, [1, 1, 0, 0]
    )
    sure = [judged([1, 0], [1, 0])]
    folds = {kind: {VAE: sure, FOREST: sure} for kind in (trust.RANDOM, trust.GROUPED)}
    made = {
        *evaluation.accuracy_claims(found), *trust.calibration(found)[1], *trust.grouped_claims(folds),
        *labels.label_claims(PAIRS), "data_alloys", "data_sizes", "data_elements", "table1_classes", "table1_kept",
    }  # fmt: skip
    assert made <= ids


def test_figures_name_their_axes_and_units():
    answers = {
        VAE: [0.9, 0.4, 0.6, 0.1],
        FOREST: [0.9, 0.8, 0.2, 0.1],
        PERCEPTRON: [0.5] * 4,
        MAJORITY: [0.5] * 4,
    }
    found = five(answers, [1, 1, 0, 0])
    curve = reliability([1, 1, 0, 0], answers[VAE])
    made = {
        "accuracy": figures.accuracies(found),
        "area under the ROC curve": figures.accuracies(found, "auc"),
        "false positive rate": figures.roc({"test": evaluation.roc_band(found.judged[VAE]["test"])}),
        "stated probability of a single phase": figures.reliability(
            trust.Calibration({VAE: curve}, {VAE: 0.1}, 1.0)
        ),
        "how the alloys are parted": figures.folds({trust.RANDOM: {VAE: found.judged[VAE]["test"]}}),
        "gain over labels only (percentage points, two standard errors)": figures.budgets(PAIRS),
    }
    for label, figure in made.items():
        names = " | ".join(axes.get_xlabel() + " | " + axes.get_ylabel() for axes in figure.axes)
        assert label in names.replace("\n", " "), label
        plt.close(figure)
