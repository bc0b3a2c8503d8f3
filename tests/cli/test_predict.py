"""`matwidgets predict`: formulas, tables, and what is refused or dropped."""
# ruff: noqa: E501 - the texts are one line for the user, so they are one line here

import csv
import math

import pytest

K = ("--property", "bulk_modulus")


def test_json_has_the_contract_s_fields(run_json):
    rows = run_json("predict", "TiC", "Al2O3", "Ti0.5 C0.5", *K)
    assert [row["formula"] for row in rows] == ["TiC", "Al2O3", "Ti0.5 C0.5"]
    for row in rows:
        assert list(row) == [
            "formula", "property", "value", "std", "std_aleatoric", "std_epistemic", "unit", "in_domain"
        ]  # fmt: skip
        assert row["property"] == "bulk_modulus"
        assert row["unit"] == "GPa"
        assert isinstance(row["in_domain"], bool)
        assert row["std"] == pytest.approx(math.hypot(row["std_aleatoric"], row["std_epistemic"]))
    assert rows[0]["value"] == pytest.approx(rows[2]["value"], rel=1e-5)


def test_titanium_carbide_from_members_that_never_saw_it(run_json):
    """AFLOW's value is 238.8 GPa; every Ti-C binary was held out of the shipped model's training."""
    assert run_json("predict", "TiC", *K)[0]["value"] == pytest.approx(238.8, rel=0.05)


def test_text_says_value_unit_and_domain(run):
    code, out, err = run("predict", "TiC", *K)
    assert (code, err) == (0, "")
    head, _, row = out.splitlines()
    assert head.split("  ")[0] == "formula"
    assert "Bulk modulus (GPa)" in head
    assert row.split()[0] == "TiC"
    assert row.split()[-1] == "yes"


def test_options_may_stand_between_formulas(run_json):
    rows = run_json("predict", "TiC", *K, "MgO")
    assert [row["formula"] for row in rows] == ["TiC", "MgO"]


CASES = [
    ("Xx2", "Unknown element 'Xx': write a symbol from H to Og; did you mean Xe? (in formula 'Xx2')"),
    (
        "((Ti",
        "Malformed formula '((Ti': '(' is not closed; write it like 'Al2O3', 'Ca3(PO4)2' or 'Ti0.5C0.5'.",
    ),
    ("", "Empty formula '': write at least one element, such as 'Al2O3'."),
    ("  ", "Empty formula ' ': write at least one element, such as 'Al2O3'."),
    ("Ti-1", "Negative amount -1 in formula 'Ti-1': write amounts greater than zero, without a sign."),
    ("Ti0C1", "Zero amount in formula 'Ti0C1': leave the element out or write an amount above zero."),
]


@pytest.mark.parametrize(("formula", "line"), CASES, ids=[repr(formula) for formula, _ in CASES])
def test_wrong_formula(formula, line, refused):
    assert refused("predict", formula, *K) == line


def test_one_wrong_formula_refuses_all(refused):
    assert refused("predict", "TiC", "Xx", *K).startswith("Unknown element 'Xx'")


def test_unknown_property(refused):
    line = refused("predict", "TiC", "--property", "taste")
    assert "'taste'" in line
    assert "bulk_modulus" in line
    assert "matwidgets train" in line


def test_element_that_the_model_lacks(trained_without, refused):
    line = refused("predict", "UO2", "--checkpoint", trained_without("U"))
    assert line == (
        "The bulk_modulus model does not know U; it knows 117 elements, all but U: leave that element out"
    )


@pytest.fixture
def trained_without(tmp_path):
    """The shipped model, written again as one whose element table lacks an element."""
    import matwidgets
    from matwidgets.training import members

    def write(element):
        model = matwidgets.load("crabnet", "bulk_modulus")
        card = model.card | {"elements": [e for e in model.elements if e != element]}
        members.write(tmp_path / "small" / "bulk_modulus.safetensors", model.networks, model.domain, card)
        return tmp_path / "small"

    return write


def test_checkpoint_folder_that_is_not_there(refused):
    line = refused("predict", "TiC", "--checkpoint", "nowhere")
    assert line == "no folder 'nowhere'; give a folder that `matwidgets train ... --out DIR` has written"


def test_checkpoint_folder_without_a_model(refused, stranger):
    (stranger / "empty").mkdir()
    line = refused("predict", "TiC", "--checkpoint", "empty", code=1)
    assert line == "empty holds no model; give a folder that `matwidgets train` wrote, or one file"


def test_corrupt_checkpoint(refused, stranger, trained):
    folder = stranger / "bad"
    folder.mkdir()
    whole = next(trained[0].glob("*.safetensors")).read_bytes()
    (folder / "y.safetensors").write_bytes(whole[: len(whole) // 2])
    line = refused("predict", "TiC", "--checkpoint", "bad", code=1)
    assert line.startswith("Checkpoint bad/y.safetensors is corrupt (")
    assert line.endswith("; train it again or install again")


def test_table_drops_bad_rows_and_says_which(run_json, run, stranger):
    (stranger / "t.csv").write_text("f\nTiC\nXx\n\nTi2C2\nNaN\n((\n")
    code, out, err = run("predict", "--csv", "t.csv", "--formula", "f", *K)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["TiC", "Ti2C2", "NaN"]
    assert err.splitlines() == [
        "t.csv: 2 rows dropped (row 3: Unknown element 'Xx': write a symbol from H to Og; did you mean Xe? (in formula "
        "'Xx'); row 7: Malformed formula '((': '(' is not closed; write it like 'Al2O3', 'Ca3(PO4)2' or 'Ti0.5C0.5'.)",
        "t.csv: 1 row repeats the material of another row; all are kept",
    ]
    rows = run_json("predict", "--csv", "t.csv", "--formula", "f", *K)
    assert [row["formula"] for row in rows] == [
        "TiC",
        "Ti2C2",
        "NaN",
    ]  # NaN is sodium nitride, no missing value


def test_table_with_an_element_that_the_model_lacks(run, stranger, trained_without):
    (stranger / "t.csv").write_text("f\nTiC\nUO2\n")
    code, out, err = run("predict", "--csv", "t.csv", "--formula", "f", "--checkpoint", trained_without("U"))
    assert code == 0
    assert err == "t.csv: 1 row dropped (row 3: the model does not know U)\n"
    assert "UO2" not in out


def test_table_written_to_a_file_names_the_rows(run, stranger):
    (stranger / "t.csv").write_text("f\nXx\nTiC\n")
    code, out, err = run("predict", "--csv", "t.csv", "--formula", "f", "--out", "p.csv", *K)
    assert (code, out) == (0, "")
    assert err.splitlines()[-1] == "1 prediction written to p.csv"
    with (stranger / "p.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["formula"], row["row"]) == ("TiC", "3")
    assert float(row["value"]) == pytest.approx(238.8, rel=0.05)


@pytest.mark.parametrize(
    ("text", "options", "line"),
    [
        ("f\nTiC\n", [], "--csv t.csv needs --formula COLUMN, the column that holds the formulas"),
        ("f\nTiC\n", ["--formula", "g"], "No column 'g' in t.csv: name one of 'f'."),
        (
            "f\n",
            ["--formula", "f"],
            "t.csv has no usable row below its header: give at least one row that can be read.",
        ),
        (
            "f\nXx\n",
            ["--formula", "f"],
            "t.csv has no usable row of 1 (row 2: Unknown element 'Xx': write a symbol from H to Og; did you mean Xe? (in formula 'Xx')): give at least one row that can be read.",
        ),
        (
            "f\nTiC\n",
            ["--formula", "f", "--out", "./t.csv"],
            "--out t.csv is the table itself; give another file, so that it is kept",
        ),
        (
            "f\nTiC\n",
            ["--formula", "f", "--out", "."],
            "--out . is a folder; give the path of a file in it, like predictions.csv",
        ),
        (
            "f\nTiC\n",
            ["--formula", "f", "--out", "no/p.csv"],
            "--out no/p.csv: its folder does not exist; make it or give another place",
        ),
    ],
)
def test_wrong_table(text, options, line, refused, stranger):
    (stranger / "t.csv").write_text(text)
    assert refused("predict", "--csv", "t.csv", *options, *K) == line


def test_table_that_is_not_there(refused):
    line = refused("predict", "--csv", "t.csv", "--formula", "f", *K)
    assert line == "File 't.csv' does not exist: give the path of a CSV file."


def test_long_table_shows_progress_and_keeps_the_order(run_json, run, stranger, monkeypatch):
    monkeypatch.setattr("matwidgets.cli.source.AT_ONCE", 3)
    formulas = ["TiC", "MgO", "Fe", "Al2O3", "W", "NaCl", "SiC", "Cu"]
    (stranger / "t.csv").write_text("f\n" + "\n".join(formulas))
    rows = run_json("predict", "--csv", "t.csv", "--formula", "f", *K)
    assert [row["formula"] for row in rows] == formulas
    alone = run_json("predict", "Cu", *K)[0]
    assert rows[-1]["value"] == pytest.approx(alone["value"], rel=1e-5)
    _, _, err = run("predict", "--csv", "t.csv", "--formula", "f", *K)
    assert err.splitlines()[-1].startswith("predict: 8 of 8 formulas")
