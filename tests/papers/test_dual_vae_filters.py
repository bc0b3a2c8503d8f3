"""Figure S9 again: what is counted, which rows are used, and that controls can win."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matwidgets.errors import InputError
from matwidgets.papers import dual_vae_filters as filters
from matwidgets.papers.dual_vae_boosting import FRACTIONS, LATENTS, Settings
from matwidgets.papers.dual_vae_endpoints import Encoded
from matwidgets.training import energy_net

QUICK = Settings(rate=0.2, iterations=30, patience=5)
GROUPS = np.array([225, 225, 221, 194, 62, 2, 15, 167])
SYSTEMS = np.array([6, 6, 6, 5, 2, 0, 1, 4])


class Telling:
    """Stands for a network: the space group is written into the first values of a pattern."""

    def __init__(self, wrong: dict[int, int] | None = None) -> None:
        self.wrong = wrong or {}

    def space_groups(self, profiles: np.ndarray) -> np.ndarray:
        said = [self.wrong.get(g, g) for g in (profiles[:, 0] * 1000).round().astype(int)]
        shares = np.full((len(profiles), 230), 1e-4)
        shares[np.arange(len(said)), np.array(said) - 1] = 1.0
        return shares


class Same:
    """Stands for an autoencoder that loses nothing."""

    def decode_patterns(self, z: np.ndarray) -> np.ndarray:
        return z


class Given:
    def __init__(self, groups: np.ndarray, split: list[str]) -> None:
        self.frame = pd.DataFrame({"spacegroup": groups, "split": split})
        self.profiles = np.random.default_rng(0).random((len(groups), 40)).astype(np.float32)
        self.profiles[:, 0] = groups / 1000

    def take(self, rows: np.ndarray) -> np.ndarray:
        return self.profiles[rows]


def table(split: str = "test") -> Given:
    return Given(np.tile(GROUPS, 3), ["train"] * 16 + [split] * 8)


def test_systems_of_space_groups():
    np.testing.assert_array_equal(filters.systems_of(GROUPS), SYSTEMS)
    np.testing.assert_array_equal(
        filters.systems_of(np.array([1, 2, 3, 15, 16, 74, 75, 142, 143, 167, 168, 194, 195, 230])),
        np.repeat(np.arange(7), 2),
    )


def test_a_network_is_asked_about_unseen_rows_only():
    given = table()
    given.profiles[:16, 0] = 0.001  # the training rows would all be wrong
    found = filters.space_groups(given, {"original": Telling()})  # type: ignore[dict-item]
    one = found.of(filters.NETWORK, "original", "original")
    assert one.accuracy == one.system_accuracy == one.top == 1.0 and one.error == 0.0
    assert len(one.groups) == 8
    np.testing.assert_array_equal(one.confusion(), np.diag([1, 1, 1, 0, 1, 1, 3]))


def test_a_wrong_group_may_be_of_the_right_system():
    found = filters.space_groups(table("val"), {"original": Telling({221: 225, 62: 2})}, part="val")  # type: ignore[dict-item]
    one = found.of(filters.NETWORK, "original", "original")
    assert one.accuracy == 6 / 8 and one.system_accuracy == 7 / 8
    counts = one.confusion()
    assert counts[2, 0] == 1 and counts[2, 2] == 0 and counts[6, 6] == 3
    shares = found.confusion_frame("original", "original")
    assert list(shares.columns) == list(filters.SYSTEMS) and shares.loc["orthorhombic", "triclinic"] == 1.0


def test_controls_are_beside_it():
    given = table()
    given.profiles[16:] = (
        given.profiles[:8] * 0.5
    )  # each unseen pattern is a training pattern of another scale
    rebuilt = np.tile(np.eye(8, 40, 1, dtype=np.float32), (3, 1))
    rebuilt[:, 0] = given.frame["spacegroup"] / 1000
    found = filters.space_groups(given, {"reconstructed": Telling()}, rebuilt, Same())  # type: ignore[dict-item]
    frame = found.frame().set_index(["classifier", "asked"])
    assert frame.loc[(filters.NEAREST, "original"), "space_group"] == 1.0
    assert frame.loc[(filters.NEAREST, "reconstructed"), "space_group"] == 1.0
    assert frame.loc[(filters.FOREST, "reconstructed"), "space_group"] > 0.5
    assert frame.loc[(filters.MAJORITY, ""), "space_group"] == 2 / 8
    assert frame.loc[(filters.MAJORITY, ""), "crystal_system"] == 3 / 8
    assert frame["among_five"].isna().sum() == 4


def test_the_findings_name_control_and_rows():
    given = table()
    nets = {"original": Telling(), "reconstructed": Telling({62: 61})}
    found = filters.space_group_findings(filters.space_groups(given, nets, given.profiles, Same()))  # type: ignore[arg-type]
    assert set(found) == {
        "space_group_accuracy", "crystal_system_accuracy", "space_group_accuracy_original",
        "crystal_system_accuracy_original",
    }  # fmt: skip
    assert found["space_group_accuracy"].here == 7 / 8 and found["space_group_accuracy_original"].here == 1.0
    assert found["crystal_system_accuracy"].here == 1.0
    assert "8 reconstructed patterns of unseen compositions" in found["space_group_accuracy"].why


def test_what_is_not_there_is_said():
    found = filters.space_groups(table(), {"original": Telling()})  # type: ignore[dict-item]
    with pytest.raises(InputError, match="No classifier 'a guess'"):
        found.of("a guess", "original", "original")
    with pytest.raises(InputError, match="No rows of part 'val' or of 'train' among test, train"):
        filters.space_groups(table(), {"original": Telling()}, part="val")  # type: ignore[dict-item]


# -- stability and energy --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def encoded() -> Encoded:
    """The energy above the hull is told by one latent, the formation energy by two; fractions tell nothing."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=(1200, 88)).astype(np.float32)
    x = rng.dirichlet(np.ones(5), 1200).astype(np.float32)
    above = np.maximum(0.0, 0.05 + 0.1 * z[:, 0])
    frame = pd.DataFrame(
        {
            "energy_above_hull": above, "formation_energy": z[:, 1] - 2 * z[:, 2],
            "set": np.where(np.arange(1200) % 6 == 0, "mp_20_biternary", "mpts_52"),
            "split": np.where(np.arange(1200) % 5 == 0, "test", "train"),
        }
    )  # fmt: skip
    frame.loc[frame["set"] == "mp_20_biternary", "energy_above_hull"] = 9.0  # would be told as never stable
    return Encoded(frame, z, np.pad(x, ((0, 0), (0, 95))))


def test_stability_from_what_tells_it_and_from_what_does_not(encoded):
    found = filters.stability(encoded, cuts=(0.0, 0.05), settings=QUICK)
    frame = found.frame
    assert frame["rows"].tolist() == [200, 200]
    usable = (encoded.frame["set"] == "mpts_52") & (encoded.frame["split"] == "test")
    shares = [(encoded.frame["energy_above_hull"][usable] <= cut).mean() for cut in (0.0, 0.05)]
    np.testing.assert_allclose(frame["stable"], shares)
    np.testing.assert_allclose(frame["always"], [max(s, 1 - s) for s in shares])
    assert (frame[f"auc, {LATENTS}"] > 0.95).all() and (frame[f"auc, {FRACTIONS}"] < 0.65).all()
    claims = filters.stability_findings(found)
    row = frame[frame["cut"] == filters.CUT].iloc[0]
    assert claims["stability_accuracy"].here > claims["stability_accuracy"].control == row["always"]  # type: ignore[operator]
    assert claims["stability_auc"].here == row[f"auc, {LATENTS}"]
    with pytest.raises(InputError, match="No classifier of the cut 0.2 eV/atom"):
        found.at(0.2, "always")


def test_random_rows_instead_of_compositions(encoded):
    found = filters.stability(encoded, cuts=(0.05,), inputs=(LATENTS,), random=True, settings=QUICK)
    assert found.frame["rows"].tolist() == [100] and found.split == "random rows"


def test_the_energy_net_beside_boosting(encoded):
    frame = filters.formation_energy(encoded, settings=QUICK).set_index("model")
    assert frame.loc[filters.PAPERS_ENERGY, "r2"] > 0.8 > 0.2 > frame.loc[filters.BOOSTED_FRACTIONS, "r2"]
    assert frame.loc["the mean", "r2"] == pytest.approx(0.0, abs=0.05)
    assert (frame["rows"] == 240).all()


def test_a_seed_gives_the_same_energy_net(encoded):
    z, y = encoded.latents[:100], encoded.frame["formation_energy"].to_numpy()[:100]
    one, same, other = (energy_net.fit(z, y, seed, epochs=2)(z) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-6


@pytest.mark.parametrize(
    ("z", "y", "message"),
    [
        (np.ones((3, 2)), np.ones(2), r"Points of shape \(3, 2\) and energies of shape \(2,\)"),
        (np.ones((2, 2)), np.array([1.0, np.nan]), "is no finite number"),
    ],
)
def test_bad_rows_for_the_energy_net(z, y, message):
    with pytest.raises(InputError, match=message):
        energy_net.fit(z, y)


def test_a_table_without_what_is_needed(encoded):
    bare = Encoded(
        encoded.frame.drop(columns=["energy_above_hull", "formation_energy"]),
        encoded.latents,
        encoded.compositions,
    )
    with pytest.raises(InputError, match="no column 'energy_above_hull', which stability needs"):
        filters.stability(bare)
    with pytest.raises(InputError, match="no column 'formation_energy'"):
        filters.formation_energy(bare)
    with pytest.raises(InputError, match="Unknown inputs 'a guess'; allowed are latents"):
        filters.stability(encoded, inputs=("a guess",))
