"""`matwidgets decompose` on a machine without tables."""

import csv

import pytest


def test_document(run_json):
    document = run_json("decompose", "BaTiO3")
    assert [p["formula"] for p in document["products"]] == ["TiO2", "BaO"]
    assert sum(p["amount"] for p in document["products"]) == pytest.approx(1, abs=1e-6)
    assert document["decomposition_energy"] < 0
    assert document["energy_above_hull"] == 0
    assert document["unit"] == "eV/atom"
    assert document["source"].startswith("handbook")


def test_energies_of_an_unknown_compound_are_null(run_json):
    document = run_json("decompose", "Ba2TiO4")
    assert document["products"]
    assert document["decomposition_energy"] is None
    assert document["energy_above_hull"] is None


def test_text(run):
    code, out, err = run("decompose", "FeO")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("FeO: 0.0394 eV/atom above the hull")
    assert lines[-1].startswith("from handbook enthalpies of formation")
    assert any(line.startswith("Fe3O4") and "0.8750" in line for line in lines)


def test_table(run, stranger):
    (stranger / "in.csv").write_text("name,comp\na,TiC\nb,NaN\nc,XeF2\nd,foo\n")
    code, out, err = run("decompose", "--csv", "in.csv", "--formula", "comp", "--out", "out.csv")
    assert (code, out) == (0, "")
    assert "2 rows dropped" in err and "row 4" in err and "row 5" in err
    assert "2 decompositions written to out.csv" in err
    with (stranger / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["formula"], row["row"]) for row in rows] == [("TiC", "2"), ("NaN", "3")]
    assert rows[0]["products"] == "0.5 C + 0.5 Ti"
    assert float(rows[0]["decomposition_energy"]) == pytest.approx(-184.5 / 2 / 96.485, abs=1e-4)
    assert rows[1]["energy_above_hull"] == ""


def test_table_as_documents(run_json, stranger):
    (stranger / "in.csv").write_text("comp\nTiC\nMgO\n")
    assert [d["formula"] for d in run_json("decompose", "--csv", "in.csv", "--formula", "comp")] == [
        "TiC",
        "MgO",
    ]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ([], "nothing was given; give FORMULA"),
        (["TiC", "--all"], "more than one was given"),
        (["TiC", "--out", "x.csv"], "belong to --csv FILE"),
        (["((Ti"], "is not closed"),
        ([""], "Empty formula"),
        (["Xx2"], "Xx"),
        (["XeF2"], "Xe in no phase of handbook"),
        (["--csv", "in.csv"], "needs --formula COLUMN"),
        (["--csv", "in.csv", "--formula", "comp"], "and --out FILE or --json"),
        (["--csv", "in.csv", "--formula", "comp", "--out", "in.csv"], "is the table itself"),
    ],
)
def test_wrong_input(refused, stranger, argv, told):
    (stranger / "in.csv").write_text("comp\nXeF2\n")
    assert told in refused("decompose", *argv)


def test_a_table_without_a_usable_row(run, stranger):
    (stranger / "in.csv").write_text("comp\nXeF2\n")
    code, out, err = run("decompose", "--csv", "in.csv", "--formula", "comp", "--out", "out.csv")
    assert (code, out) == (2, "")
    assert "no usable row" in err.splitlines()[-1]
    assert not (stranger / "out.csv").exists()


def test_all_needs_the_published_energies(refused):
    told = refused("decompose", "--all", code=1)
    assert "matwidgets data fetch formation_energy" in told


def test_fetching_is_only_tried_when_asked_for(refused):
    told = refused("decompose", "TiC", "--fetch", code=1)
    assert "MATWIDGETS_OFFLINE forbids the network" in told
