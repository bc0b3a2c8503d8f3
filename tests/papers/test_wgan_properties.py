"""Table 4: which rows, a record that goes on, comparisons over folds and in a run, and the record that is shipped."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from matwidgets.element_vectors import RandomVectors
from matwidgets.errors import InputError, MissingTableError
from matwidgets.papers import wgan_properties as properties
from matwidgets.papers import wgan_table4 as table4
from matwidgets.papers import wgan_tasks as tasks
from matwidgets.papers.wgan_properties import Cell
from matwidgets.papers.wgan_protocol import FOLDS, PARTINGS, Settings
from matwidgets.papers.wgan_vectors import (
    BEFORE,
    CRITIC,
    FRACTIONS,
    MAGPIE,
    MAT2VEC,
    ONE_HOT,
    RANDOM,
    Embedding,
    embedding_of,
)

QUICK = Settings(hidden=(8,), steps=20, batch=8, looks=2)
SYMBOLS = ("Na", "K", "Li", "Ca", "Ti", "Fe", "Cu", "Zn", "Mg")
FORMULAS = [f"{a}{m}{b}" for a in SYMBOLS for b in ("O", "S", "F", "N") for m in ("", "2")]
T = RandomVectors(width=6, seed=3).fit(["H"]).vectors_


def embedding(sha256: str = "a") -> Embedding:
    return Embedding(CRITIC, T, 5, 10, 5, sha256)


def small(name: str, seed: int = 0) -> tasks.Task:
    y = np.random.default_rng(seed).normal(size=len(FORMULAS)) + 5
    return tasks.Task(name, tasks.UNITS[name], FORMULAS, y, {"fingerprint": str(seed), "used": len(FORMULAS)})


def two(seed: int = 0) -> dict[str, tasks.Task]:
    return {name: small(name, seed) for name in ("critical_temperature", "band_gap")}


# -- rows --------------------------------------------------------------------------------------------------------------


def loader(*formulas: str, dropped: object = ()):
    frame = pd.DataFrame({"formula": formulas, "band_gap": np.arange(len(formulas)) / 2})
    frame.attrs = {"sources": [{"name": "a table"}], "dropped": dropped}
    return lambda: frame


def test_rows_without_a_word_in_the_language_are_left_out_and_counted(monkeypatch):
    read = loader("TiO2", "KrF2", "C9H20", "C8H18", "La1.85Sr0.15CuO4", "TiO2", dropped=[(7, "unreadable")])
    monkeypatch.setitem(tasks.LOADERS, "band_gap", read)
    found = tasks.task("band_gap")
    assert found.formulas == ["TiO2", "La1.85Sr0.15CuO4", "TiO2"] and found.y.tolist() == [0, 2, 2.5]
    assert found.told["left_out"] == {"unreadable": 1, "element": 1, "more than 8 atoms": 2}
    assert (found.told["usable"], found.told["used"], found.told["compositions"]) == (3, 3, 2)
    assert found.told["sources"] == [{"name": "a table"}] and found.unit == "eV"


def test_drawn_rows_depend_on_the_seed_and_keep_their_values(monkeypatch):
    monkeypatch.setitem(tasks.LOADERS, "band_gap", loader(*FORMULAS))
    value = dict(zip(FORMULAS, np.arange(len(FORMULAS)) / 2, strict=True))
    found = tasks.task("band_gap", 10)
    assert len(set(found.formulas)) == 10 and [value[f] for f in found.formulas] == found.y.tolist()
    assert tasks.task("band_gap", 10).told == found.told
    other = tasks.task("band_gap", 10, seed=1)
    assert other.formulas != found.formulas and other.told["fingerprint"] != found.told["fingerprint"]
    assert set(tasks.task("band_gap", 5).formulas) < set(found.formulas)


def test_unknown_property():
    with pytest.raises(InputError, match="Unknown property 'hardness'; allowed are critical_temperature"):
        tasks.task("hardness")


# -- the record --------------------------------------------------------------------------------------------------------


def test_recording_goes_on_and_takes_a_critic_later_on_the_same_folds(tmp_path):
    out = tmp_path / "table4.json"
    given = {"band_gap": small("band_gap")}
    options = dict(settings=QUICK, folds=3, names=(ONE_HOT, RANDOM))
    first = properties.record(out, "one", tasks=given, at_most=0.0, **options)
    assert len(first["cells"]) == 1
    properties.record(out, "one", tasks=given, **options)
    kept = json.loads(out.read_text())["cells"]
    done = properties.record(out, "two", tasks=given, embeddings={CRITIC: embedding()}, **options)
    assert done["cells"][: len(kept)] == kept and done["cells"][0] == first["cells"][0]
    cells = properties.recorded(out)
    keys = [one.key() for one in cells]
    assert len(keys) == len(set(keys)) and set(keys) == set(properties.plan((CRITIC, ONE_HOT, RANDOM), given))
    for one in cells:
        assert len(one.rows) == len(one.mae) == len(one.rmse) == len(one.r2) == len(one.chosen) == 3
        assert one.rows == cells[keys.index((*one.key()[:2], ONE_HOT, "network"))].rows
        assert sum(one.rows) == len(FORMULAS)
    written = json.loads(out.read_text())
    assert written["commands"] == ["one", "two"] and written["embeddings"][CRITIC]["iterations"] == 5
    assert written["seconds"] == pytest.approx(sum(one.seconds for one in cells), abs=0.05 * len(cells))
    assert not list(tmp_path.glob("*.part"))


def test_a_cell_is_what_its_folds_measure(tmp_path):
    """Trees by hand: the same model on the same rows."""
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    from matwidgets.papers.wgan_protocol import rounds_of

    given = small("band_gap")
    rounds = rounds_of(FORMULAS, "grouped", 4)
    x = np.random.default_rng(0).normal(size=(len(FORMULAS), 3))
    one = properties.cell(given, ("band_gap", "grouped", FRACTIONS, "trees"), rounds, x)
    r = rounds[2]
    model = ExtraTreesRegressor(50, random_state=0).fit(x[r.train].astype(np.float32), given.y[r.train])
    said = model.predict(x[r.test].astype(np.float32))
    wanted = given.y[r.test]
    assert one.mae[2] == pytest.approx(mean_absolute_error(wanted, said), abs=1e-5)
    assert one.rmse[2] == pytest.approx(root_mean_squared_error(wanted, said), abs=1e-5)
    assert one.r2[2] == pytest.approx(r2_score(wanted, said), abs=1e-5)
    assert one.width == 3 and one.chosen == [0] * 4
    with pytest.raises(InputError, match="Unknown measure 'auc'"):
        one.values("auc")


def test_recording_refuses_a_file_of_another_experiment(tmp_path):
    out = tmp_path / "table4.json"
    options = dict(settings=QUICK, folds=4, names=(ONE_HOT,), trees=False)
    properties.record(out, "one", tasks=two(), embeddings={CRITIC: embedding()}, at_most=0.0, **options)
    with pytest.raises(InputError, match="table4.json holds cells of another critic's T, after 5 iterations"):
        properties.record(out, "one", tasks=two(), embeddings={CRITIC: embedding("b")}, **options)
    with pytest.raises(InputError, match="cells of other tasks"):
        properties.record(out, "one", tasks=two(1), **options)
    with pytest.raises(InputError, match="cells of other settings"):
        properties.record(out, "one", tasks=two(), **options | {"settings": replace(QUICK, steps=21)})
    with pytest.raises(InputError, match="cells of other folds"):
        properties.record(out, "one", tasks=two(), **options | {"folds": 5})


def test_the_command_names_what_is_missing(tmp_path, monkeypatch, capsys):
    def missing():
        raise MissingTableError("Table 'supercon' is not on this machine: matwidgets data fetch supercon")

    monkeypatch.setitem(tasks.LOADERS, "critical_temperature", missing)
    assert properties.main(["--out", str(tmp_path / "table4.json")]) == 1
    assert "matwidgets data fetch supercon" in capsys.readouterr().err and not list(tmp_path.iterdir())
    assert properties.main(["--model", str(tmp_path)]) == 1
    assert "holds no model" in capsys.readouterr().err


# -- comparisons -------------------------------------------------------------------------------------------------------


def made(
    name: str, mae: list[float], each: str = "band_gap", parting: str = "random", method: str = "network"
) -> Cell:
    k = len(mae)
    return Cell(each, parting, name, method, 3, [10] * k, mae, mae, [1 - v for v in mae], [1] * k, 0.1)  # type: ignore[arg-type]


def test_summary_has_spread_and_the_papers_values():
    found = properties.summary([made(ONE_HOT, [0.4, 0.6]), made(ONE_HOT, [0.4, 0.6], parting="grouped")])
    assert found["mae"].tolist() == [0.5, 0.5] and found["mae_std"][0] == pytest.approx(np.sqrt(0.02))
    assert found["paper_mae"][0] == 0.484 and found["paper_r2"][0] == 0.810
    assert np.isnan(found["paper_mae"][1])  # the paper has no grouped folds


def test_comparisons_over_folds():
    cells = [
        made(CRITIC, [1.0, 1.1, 0.9, 1.0]), made(ONE_HOT, [2.0, 2.1, 2.0, 2.2]), made(MAGPIE, [1.0, 1.0, 1.0, 1.0]),
        made(CRITIC, [1.0, 1.1, 0.9, 1.0], "critical_temperature"), made(FRACTIONS, [0.1] * 4, method="trees"),
    ]  # fmt: skip
    found = table4.compared(cells).set_index("other")
    assert list(found.index) == [
        ONE_HOT,
        MAGPIE,
    ]  # trees are another method, one property has nothing beside it
    assert found.loc[ONE_HOT, "gain"] == pytest.approx(1.075) and found.loc[ONE_HOT, "verdict"] == "better"
    assert found.loc[ONE_HOT, "percent"] == pytest.approx(100 * 1.075 / 2.075)
    assert found.loc[MAGPIE, "verdict"] == "no difference shown" and found.loc[MAGPIE, "better"] == 1
    assert found.loc[ONE_HOT, "p_holm"] == pytest.approx(2 * found.loc[ONE_HOT, "p"])
    assert table4.compared(cells, ONE_HOT, [CRITIC])["verdict"].tolist() == ["worse"]
    assert table4.compared(cells, measure="r2").set_index("other").loc[ONE_HOT, "gain"] == pytest.approx(
        1.075
    )
    with pytest.raises(InputError, match=r"No folds of random T beside those of critic's T"):
        table4.compared(cells, RANDOM, [CRITIC])


def lived(name: str, off: list[float], groups: str, each: str = "band_gap") -> table4.Live:
    return table4.Live(
        each,
        "random",
        name,
        3,
        {"mae": float(np.mean(off)), "rmse": 1.0, "r2": 0.0},
        np.array(off),
        np.array(list(groups)),
    )


def test_rows_compared_one_by_one_are_a_paired_t_test():
    a, b = [1.0, 0.5, 2.0, 0.3], [1.5, 0.4, 2.5, 0.9]
    found = table4.between(lived(CRITIC, a, "wxyz"), lived(ONE_HOT, b, "wxyz"))
    theirs = stats.ttest_rel(b, a)
    assert found.p == pytest.approx(theirs.pvalue) and found.gain == pytest.approx(0.375)
    assert (found.low, found.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)))


def test_rows_of_one_set_of_elements_count_as_one():
    """Each row three times: nothing more is known, and the test says so; plain rows would be surer."""
    a, b = [1.0, 0.5, 2.0, 0.3], [1.5, 0.4, 2.5, 0.9]
    once = table4.between(lived(CRITIC, a, "wxyz"), lived(ONE_HOT, b, "wxyz"))
    thrice = table4.between(lived(CRITIC, a * 3, "wxyz" * 3), lived(ONE_HOT, b * 3, "wxyz" * 3))
    assert asdict(thrice) | {"folds": 4, "better": 3} == pytest.approx(asdict(once))
    assert (
        table4.between(lived(CRITIC, a * 3, "abcdefghijkl"), lived(ONE_HOT, b * 3, "abcdefghijkl")).p < once.p
    )


def test_rows_that_do_not_pair():
    one = lived(CRITIC, [1.0, 2.0, 3.0], "wxy")
    with pytest.raises(InputError, match="different rows"):
        table4.between(one, lived(ONE_HOT, [1.0, 2.0, 3.0], "wxz"))
    with pytest.raises(InputError, match="2 sets of elements among the test rows"):
        table4.between(lived(CRITIC, [1.0, 2.0], "wx"), lived(ONE_HOT, [2.0, 2.0], "wx"))


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(table4, "LIVE", QUICK)
    monkeypatch.setattr(table4, "task", lambda name, most, seed: small(name, seed))


def test_live_asks_all_the_same_and_goes_without_magpies_table(quick, monkeypatch):
    def missing(*_: object):
        raise MissingTableError("no table")

    monkeypatch.setattr("matwidgets.element_vectors.load_element_table", missing)
    seen: list[table4.Live] = []
    found = table4.live(embedding(), properties=["band_gap", "critical_temperature"], tell=seen.append)
    assert found == seen
    names = [CRITIC, ONE_HOT, RANDOM, table4.MEAN]
    assert [(f.property, f.representation, f.parting) for f in found] == [
        (p, n, k) for p in ("band_gap", "critical_temperature") for n in names for k in PARTINGS
    ]
    for one in found:
        assert one.scores["mae"] == pytest.approx(one.off.mean())
        first = next(f for f in found if (f.property, f.parting) == (one.property, one.parting))
        assert (one.groups == first.groups).all()
    mean = next(f for f in found if f.representation == table4.MEAN)
    assert mean.scores["r2"] <= 0
    frame = table4.frame(found)
    assert (
        len(frame) == len(found) and frame["paper_mae"].notna().sum() == 4
    )  # two of the paper's, two properties


def test_the_critics_name_in_a_run_does_not_matter(quick):
    named = replace(embedding(), name="critic's T, seed 2")
    first = table4.live(named, properties=["band_gap"], names=[CRITIC])
    np.testing.assert_array_equal(
        first[0].off, table4.live(embedding(), properties=["band_gap"], names=[CRITIC])[0].off
    )


def ten(value: float) -> list[float]:
    return [value + 0.01 * i for i in range(10)]


def test_claims_carry_words_of_the_paired_tests_and_the_record():
    groups = "abcdefghijklmnopqrst"
    off = {CRITIC: 0.1, RANDOM: 0.1, ONE_HOT: 1.0, MAGPIE: 0.1, table4.MEAN: 2.0}
    wiggle = np.random.default_rng(0).normal(size=(5, 20)) * 0.02
    found = [lived(n, list(v + w), groups) for (n, v), w in zip(off.items(), wiggle, strict=True)]
    cells = [made(CRITIC, ten(0.3)), made(ONE_HOT, ten(0.4)), made(MAGPIE, ten(0.3))]
    claims = table4.table4_claims(found, cells)
    assert claims["band_gap_better_than_one_hot_random"].here == "better"
    assert (
        claims["band_gap_better_than_one_hot_random"].control == "better"
    )  # a random T does as well: trivial
    assert "ten recorded folds: by 0.1 (22.5 %)" in claims["band_gap_better_than_one_hot_random"].why
    assert claims["band_gap_better_than_magpie_random"].here == "no difference shown"
    critic = claims["band_gap_critic_random_mae"]
    assert critic.here == pytest.approx(found[0].off.mean()) and critic.control == pytest.approx(
        found[1].off.mean()
    )
    assert critic.why == "20 test rows; 10 recorded folds 0.345 ± 0.03"
    assert claims["band_gap_magpie_random_mae"].control == pytest.approx(found[4].off.mean())
    assert len(claims) == 3 * 3 + 2 and not any("random_random" in name for name in claims)
    assert table4.table4_claims([]) == {}


def test_published_numbers_are_the_papers():
    """Table 4's rows of the MP and SuperCon tables, and best of each column as its text says: the critic's T."""
    assert tasks.PUBLISHED["band_gap"][MAGPIE] == (0.570, 0.786, 0.745)
    assert tasks.PUBLISHED["critical_temperature"][CRITIC] == (6.05, 9.21, 0.902)
    for rows in tasks.PUBLISHED.values():
        for i, best in enumerate((min, min, max)):
            assert best(row[i] for row in rows.values()) == rows[CRITIC][i]


# -- the shipped record ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> list[Cell]:
    return properties.recorded()


def test_the_record_has_every_representation_on_every_property_and_both_kinds_of_fold(shipped):
    networks = {one.representation for one in shipped if one.method == "network"}
    assert networks >= {CRITIC, ONE_HOT, MAGPIE, RANDOM, MAT2VEC}
    keys = [one.key() for one in shipped]
    assert len(keys) == len(set(keys)) == 6 * (len(networks) + 1)
    for name in tasks.LOADERS:
        for parting in PARTINGS:
            same = [one for one in shipped if one.key()[:2] == (name, parting)]
            assert {one.key()[2:] for one in same} == {(n, "network") for n in networks} | {
                (FRACTIONS, "trees")
            }
            assert all(one.rows == same[0].rows and len(one.rows) == FOLDS for one in same)
            for one in same:
                assert len(one.mae) == len(one.rmse) == len(one.r2) == len(one.chosen) == FOLDS
                assert (np.array(one.mae) <= np.array(one.rmse)).all() and max(one.r2) < 1


def test_the_record_says_what_it_is_of(shipped):
    document = json.loads(properties.FILE.read_text("utf-8"))
    assert document["settings"] == properties._plain(properties.SETTINGS) and document["folds"] == FOLDS
    assert set(document["tasks"]) == set(tasks.LOADERS)
    for each in document["tasks"].values():
        assert each["used"] <= tasks.MOST_ROWS and each["used"] <= each["usable"]
        assert all({"name", "sha256", "rows"} <= set(source) for source in each["sources"])
    critics = {one.representation for one in shipped} & set(document["embeddings"])
    assert {CRITIC, BEFORE} <= critics
    assert all((document["embeddings"][name]["iterations"] == 0) == (name == BEFORE) for name in critics)
    assert document["seconds"] == pytest.approx(sum(one.seconds for one in shipped), abs=1)
    assert document["versions"]["torch"] and all("wgan_properties" in line for line in document["commands"])


def test_the_recorded_critic_is_the_shipped_one():
    document = json.loads(properties.FILE.read_text("utf-8"))
    found = embedding_of(properties.FILE.parent / "wgan.safetensors")
    assert document["embeddings"][CRITIC] == found.told()


def test_comparisons_of_the_record(shipped):
    found = table4.compared(shipped)
    assert len(found) == 6 * (len({one.representation for one in shipped if one.method == "network"}) - 1)
    assert (found["p_holm"] >= found["p"]).all() and found["low"].le(found["gain"]).all()
    for row in found.itertuples():
        assert row.verdict == (
            "no difference shown" if row.p_holm > 0.05 else "better" if row.gain > 0 else "worse"
        )


@pytest.mark.data
def test_the_recorded_rows_are_drawn_again():
    told = json.loads(properties.FILE.read_text("utf-8"))["tasks"]["critical_temperature"]
    again = {"unit": "K"} | tasks.task("critical_temperature").told
    for name in ("mean", "std"):  # sums, whose last digit is the processor's
        assert again.pop(name) == pytest.approx(told.pop(name))
    assert again == told
