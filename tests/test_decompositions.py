"""Decomposition from the known phases: which they are, and the table of all of them."""

import hashlib

import pytest

import matwidgets as mw
from matwidgets import decompositions as room
from matwidgets import derived
from matwidgets.cli import main
from matwidgets.data import datasets, fetch, registry
from matwidgets.decompositions import library, table
from matwidgets.errors import ChecksumError, DataError, InputError, MissingTableError
from matwidgets.features.composition import to_fractions
from matwidgets.features.hull import Phases

# Three carbides and two oxides; x_C = 1/3 of Ti2C lies a third of the way from Ti3C to TiC.
ENERGIES = {
    "train": [("C1Ti1", -1.0), ("C1Ti2", -0.6), ("C1Ti3", -0.6)],
    "val": [("O2Ti1", -3.0)],
    "test": [("C1O2", -1.3), ("C1O5Ti2", -2.0)],
}
DECOMPOSITION = {
    "C1Ti1": -0.55,
    "C1Ti2": 2 / 15 - 5e-4,
    "C1Ti3": -0.2,
    "O2Ti1": -2.9,
    "C1O2": -1.3,
    "C1O5Ti2": -2.0,
}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, no mirror, no network."""
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    monkeypatch.setenv("MATWIDGETS_THREADS", "1")
    return tmp_path / "cache"


@pytest.fixture
def small(cache, monkeypatch):
    """Published tables of six compounds in the cache."""
    records = {}
    for split, rows in ENERGIES.items():
        theirs = [(formula, DECOMPOSITION[formula]) for formula, _ in rows]
        for name, content in (("formation_energy", rows), ("decomposition_energy", theirs)):
            text = "formula,target\n" + "".join(f"{f},{e!r}\n" for f, e in content)
            file = cache / name / f"{split}.csv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            records[f"{name}/{split}"] = registry.Table(
                name=f"{name}/{split}", kind="property", file=f"{name}/{split}.csv", url="http://127.0.0.1:9/",
                sha256=hashlib.sha256(text.encode()).hexdigest(), bytes=len(text), rows=len(content),
                licence="none", citation="none", columns=(("formula", ""), ("target", "eV/atom")),
            )  # fmt: skip
    for module in (registry, fetch, datasets):
        monkeypatch.setattr(module, "registry", lambda: records)
    library._published.cache_clear()
    yield cache
    library._published.cache_clear()


def job(workers=1, at_once=2):
    phases = room.published_phases()
    return table.Decomposing(phases, 6, table._place(), workers=workers, rows_at_once=at_once)


# ---- One composition ----


def test_without_tables_the_handbook_answers_and_says_so(cache):
    found = mw.decompose("BaTiO3")
    assert [p.formula for p in found.products] == ["TiO2", "BaO"]
    assert found.energy_above_hull == 0
    assert found.source.startswith("handbook enthalpies of formation")


def test_with_tables_the_published_energies_answer(small):
    found = mw.decompose("Ti2C")
    assert found.decomposition_energy == pytest.approx(2 / 15)
    assert found.source.startswith("published formation energies (6 compounds")


def test_a_damaged_table_is_no_reason_to_answer_from_the_handbook(small):
    (small / "formation_energy" / "val.csv").write_text("formula,target\n")
    with pytest.raises(ChecksumError, match="formation_energy/val"):
        mw.decompose("BaTiO3")


def test_own_energy_and_own_phases(cache):
    phases = Phases(["TiC"], [-1.0])
    found = mw.decompose("Ti2C", phases=phases, energy=-0.5)
    assert found.decomposition_energy == pytest.approx(-0.5 + 2 / 3)
    assert found.source == "given phases"


def test_an_element_that_only_the_tables_know(cache):
    with pytest.raises(
        InputError, match="Xe in no phase of handbook .* `matwidgets data fetch formation_energy`"
    ):
        mw.decompose("XeF2")
    with pytest.raises(InputError, match=r"it has Ti, C\.|it has C, Ti\."):
        mw.decompose("XeF2", phases=Phases(["TiC"], [-1.0]))


# ---- All of them ----


def test_all_compounds_once(small):
    with pytest.raises(MissingTableError, match="matwidgets decompose --all"):
        room.load_decompositions()
    run = room.decompositions()
    assert (run.kind, run.total) == ("table", 6)
    frame = run.start().wait(60)
    assert frame["formula"].tolist() == ["C1Ti1", "C1Ti2", "C1Ti3", "O2Ti1", "C1O2", "C1O5Ti2"]
    row = frame.set_index("formula").loc["C1Ti2"]
    assert row["energy_above_hull"] == pytest.approx(2 / 15)
    assert row["n_products"] == 2
    assert room.read_products(row["products"]) == pytest.approx({"Ti3C": 2 / 3, "TiC": 1 / 3})
    for formula, text in zip(frame["formula"], frame["products"], strict=True):
        alone = mw.decompose(formula)
        assert room.read_products(text) == {p.formula: p.amount for p in alone.products}
        assert frame.set_index("formula").loc[formula, "decomposition_energy"] == alone.decomposition_energy
    assert room.load_decompositions().equals(frame)
    assert [p.name for p in (small / "derived").iterdir()] == [table._place().name]  # no pieces are left
    again = room.decompositions()
    again.start().wait(60)
    assert again.history == [{"step": 6}]  # nothing was done twice


def test_a_kill_loses_one_piece(small):
    """What a kill leaves are files: two whole pieces and one that some other program cut short."""
    first = job()
    assert [first.advance(), first.advance()] == [{"step": 2}, {"step": 4}]
    second = job()
    assert (second.past, second.finished) == ([{"step": 4}], False)
    piece = first._file((2, 4))
    piece.write_text(piece.read_text()[:-9])
    third = job()
    assert third.past == [{"step": 2}]
    while not third.finished:
        third.advance()
    assert len(third.result()) == 6
    assert not first.folder.exists()


def test_stopped_early_gives_the_rows_so_far(small, tmp_path):
    early = job()
    early.advance()
    assert early.result()["formula"].tolist() == ["C1Ti1", "C1Ti2"]
    assert not table._place().exists()
    early.save(tmp_path / "so_far.csv")
    assert (tmp_path / "so_far.csv").read_text().count("\n") == 3


def test_two_workers_give_the_same_table(small):
    alone = job()
    while not alone.finished:
        alone.advance()
    expected = alone.result()
    table._place().unlink()
    both = job(workers=2)
    steps = []
    while not both.finished:
        steps.append(both.advance()["step"])
    assert steps == [2, 4, 6]
    assert both.result().equals(expected)


def test_a_worker_that_dies_is_told_and_nothing_is_lost(small, monkeypatch):
    broken = job(workers=2)

    def die(first, last):
        raise derived.BrokenProcessPool

    monkeypatch.setattr(broken, "_next", lambda: die(0, 2))
    with pytest.raises(DataError, match="workers=1; what is done is kept"):
        broken.advance()
    assert broken.todo == broken.pieces


def test_other_inputs_have_another_name(small, monkeypatch):
    before = table._place()
    monkeypatch.setattr(table, "METHOD", "another")
    assert table._place() != before


def test_a_damaged_table_names_the_remedy(small):
    room.decompositions().start().wait(60)
    place = table._place()
    place.write_text("\n".join(place.read_text().splitlines()[:3]) + "\n")
    with pytest.raises(DataError, match="2 of 6 rows.*delete it and make it again"):
        room.load_decompositions()


def test_workers_from_one(small):
    with pytest.raises(InputError, match="whole number from 1"):
        room.decompositions(workers=0)


def test_agreement_counts(small):
    frame = room.decompositions().start().wait(60)
    counted = room.agreement(frame)
    # By hand, eV/atom: TiC -0.55, Ti2C 0.1333, Ti3C -0.1 (Ti and TiC give -0.5), TiO2 -3, CO2 -1.3, and Ti2CO5
    # -2 + (6 * 3 + 1.5 * 1.3) / 8 = 0.49375 over 2 TiO2 + 0.5 CO2 + 0.5 C.
    assert (counted["n"], counted["within"], counted["equal"]) == (6, 3 / 6, 2 / 6)
    assert counted["same_sign"] == 5 / 6
    assert counted["least"] == pytest.approx(-3 + 2.9)
    assert counted["greatest"] == pytest.approx(0.49375 + 2)
    assert counted["median"] == pytest.approx(2.5e-4)  # between CO2 or TiC, equal, and Ti2C, 0.5 meV/atom
    assert room.agreement(frame.assign(formula=["TiC", "Ti2C", "Ti3C", "TiO2", "CO2", "Ti2CO5"])) == counted
    with pytest.raises(InputError, match="No formula of the frame"):
        room.agreement(frame.assign(formula="XeF2"))


@pytest.mark.parametrize("text", ["", "0.6TiO2", "x TiO2"])
def test_products_that_are_none(text):
    with pytest.raises(InputError, match=r"0\.6 TiO2 \+ 0\.4 BaO"):
        room.read_products(text)


def test_command_for_all(small, capsys):
    assert main(["decompose", "--all"]) == 0
    out, err = capsys.readouterr()
    assert "6 compounds decomposed" in out
    assert "decompose: 6 of 6 compounds" in err


def test_a_run_of_this_kind_is_shown_as_its_line():
    from IPython.core.formatters import DisplayFormatter

    from matwidgets.run import Run

    class Shell:
        display_formatter = DisplayFormatter()

    Shell.display_formatter.ipython_display_formatter.enabled = True
    mw.load_ipython_extension(Shell)
    run = Run(lambda: None, title="a table", kind="table", total=1)
    bundle, _ = Shell.display_formatter.format(run)
    assert bundle["text/plain"] == repr(run)


# ---- The real tables ----


@pytest.mark.data
def test_the_papers_example_on_the_published_energies():
    found = mw.decompose("Ga(MoS2)4")
    assert {p.formula for p in found.products} == {"Ga41Mo8", "MoS2", "GaS"}
    assert found.composition() == pytest.approx(to_fractions("Ga(MoS2)4"), abs=1e-9)


@pytest.mark.data
def test_published_decomposition_energies_agree():
    """Every 500th compound: at least 95 % within 1 meV/atom, and none below what a general minimiser found."""
    import pandas as pd

    phases = room.published_phases()
    formulas = phases.formulas[:85_014:500]
    energies = [mw.decompose(f, phases=phases).decomposition_energy for f in formulas]
    counted = room.agreement(pd.DataFrame({"formula": formulas, "decomposition_energy": energies}))
    assert counted["n"] == len(formulas)
    assert counted["within"] >= 0.95
    assert counted["same_sign"] >= 0.99
    assert counted["least"] > -1e-5
