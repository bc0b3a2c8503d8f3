"""`matwidgets papers`, `data` and `doctor`: documents, tables, and what is wrong with a machine."""
# ruff: noqa: E501 - the texts are one line for the user, so they are one line here

import dataclasses
import functools
import hashlib
import http.server
import threading

import pytest

CONTENT = b"formula,target\nTiC,238.8\n"
WORDS = ["crabnet", "onehot_vae", "dual_vae", "disentangled_vae", "wgan"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def test_papers_json(run_json):
    papers = run_json("papers")
    assert [paper["word"] for paper in papers] == WORDS
    for paper in papers:
        assert set(paper) == {"word", "title", "authors", "year", "doi", "notebook", "status"}
        assert paper["status"] in ("planned", "partial", "complete")
        assert (paper["notebook"] is None) == (paper["status"] == "planned")


def test_papers_text_fits_and_names_all(run):
    code, out, err = run("papers")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 100
    assert [word for word in WORDS if any(line.startswith(word) for line in out.splitlines())] == WORDS


def test_data_where(run_json, tmp_path):
    assert run_json("data", "where") == {"mirror": None, "cache": str(tmp_path / "cache"), "offline": True}


def test_data_list_on_an_empty_machine(run_json, run):
    rows = run_json("data", "list")
    assert {row["status"] for row in rows} == {"missing"}
    assert {"bulk_modulus/train", "bulk_modulus/val", "bulk_modulus/test", "mat2vec"} <= {
        row["name"] for row in rows
    }
    code, out, err = run("data", "list")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == len(rows) + 2


def test_data_verify_names_a_damaged_table_and_exits_1(run, tmp_path):
    file = tmp_path / "cache" / "aflow" / "aflow__ael_bulk_modulus_vrh" / "train.csv"
    file.parent.mkdir(parents=True)
    file.write_text("formula,target\nTiC,1\n")
    code, out, err = run("data", "verify")
    assert code == 1
    assert err == (
        "matwidgets: wrong checksum of bulk_modulus/train: `matwidgets data fetch bulk_modulus/train` replaces a file in "
        "the cache; in a mirror folder put the original file\n"
    )
    assert (
        next(line for line in out.splitlines() if line.startswith("bulk_modulus/train")).split()[1] == "wrong"
    )


def test_data_verify_on_an_empty_machine_is_no_failure(run):
    code, out, err = run("data", "verify")
    assert (code, err) == (0, "")
    assert "missing" in out


def test_data_fetch_offline_exits_1(refused):
    line = refused("data", "fetch", "mat2vec", code=1)
    assert line == (
        "Table 'mat2vec' has to be fetched, but MATWIDGETS_OFFLINE forbids the network: unset it, or set "
        "MATWIDGETS_DATA_MIRROR to a folder that has the table."
    )


def test_data_fetch_needs_names(refused):
    line = refused("data", "fetch")
    assert line == (
        "NAME... or --all: neither was given; name tables as `matwidgets data list` does, or give --all"
    )


def test_data_fetch_unknown_table(refused):
    assert refused("data", "fetch", "bulk").startswith(
        "Unknown table 'bulk': write one of bulk_modulus/train|val|test, "
    )


def test_mirror_that_is_no_folder(refused, monkeypatch):
    monkeypatch.setenv("MATWIDGETS_DATA_MIRROR", "/no/such/folder")
    line = refused("data", "list", code=1)
    assert line == (
        "MATWIDGETS_DATA_MIRROR is '/no/such/folder', which is no folder: name an existing folder or unset it."
    )


@pytest.fixture
def toy_table(monkeypatch):
    """A registry of one table; nothing answers at its url."""
    from matwidgets.data import registry

    record = registry.Table(
        "toy/train", "property", "toy/train.csv", "http://127.0.0.1:9/train.csv", hashlib.sha256(CONTENT).hexdigest(),
        len(CONTENT), 1, "none", "none", (("formula", ""), ("target", "GPa")),
    )  # fmt: skip

    def serve(url):
        served = dataclasses.replace(record, url=url)
        for room in ("registry", "fetch", "datasets"):
            monkeypatch.setattr(f"matwidgets.data.{room}.registry", lambda: {served.name: served})

    serve(record.url)
    return serve


def test_data_fetch_takes_what_is_in_the_mirror(run_json, monkeypatch, tmp_path, toy_table):
    """A mirror whose one table is whole needs no network, not even where it is forbidden."""
    file = tmp_path / "mirror" / "toy" / "train.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    monkeypatch.setenv("MATWIDGETS_DATA_MIRROR", str(tmp_path / "mirror"))
    assert run_json("data", "fetch", "toy") == [str(file)]
    (row,) = run_json("data", "list")
    assert (row["name"], row["status"], row["place"]) == ("toy/train", "ok", "mirror")


def test_data_fetch_over_the_network_shows_progress_and_checks(run, monkeypatch, tmp_path, toy_table):
    """From a server on this machine; the second time nothing is fetched."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "train.csv").write_bytes(CONTENT)
    handler = functools.partial(Quiet, directory=tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        toy_table(f"http://127.0.0.1:{server.server_port}/train.csv")
        monkeypatch.delenv("MATWIDGETS_OFFLINE")
        code, out, err = run("data", "fetch", "toy")
        server.shutdown()
    file = tmp_path / "cache" / "toy" / "train.csv"
    assert (code, out) == (0, f"{file}\n")
    assert file.read_bytes() == CONTENT
    assert err.splitlines()[-1].startswith(f"fetch toy/train: {len(CONTENT)} of {len(CONTENT)} bytes, ")
    assert run("data", "fetch", "--all") == (0, f"{file}\n", "")


def test_data_fetch_without_a_network_exits_1(monkeypatch, refused, toy_table):
    monkeypatch.delenv("MATWIDGETS_OFFLINE")
    line = refused("data", "fetch", "toy", code=1)
    assert line.startswith(
        "Table 'toy/train' could not be fetched from http://127.0.0.1:9/train.csv (no connection): "
    )


def test_doctor_json(run_json):
    findings = run_json("doctor")
    assert set(findings) >= {
        "matwidgets", "python", "platform", "versions", "threads", "memory", "data", "checkpoints", "notebooks", "widgets",
        "labextension", "problems",
    }  # fmt: skip
    assert findings["versions"]["torch"]
    assert findings["threads"]["used"] == 1
    assert findings["memory"]["total_mb"] > findings["memory"]["available_mb"] > 0
    assert findings["data"]["here"] == 0
    assert any(path.endswith("bulk_modulus.safetensors") for path in findings["checkpoints"])
    assert set(findings["widgets"]) >= {"periodic_table", "composition_panel", "simplex_map"}


def test_doctor_names_a_mirror_that_is_no_folder_and_goes_on(run_json, monkeypatch):
    monkeypatch.setenv("MATWIDGETS_DATA_MIRROR", "/no/such/folder")
    findings = run_json("doctor")
    assert findings["data"]["here"] is None
    assert any("MATWIDGETS_DATA_MIRROR is '/no/such/folder'" in problem for problem in findings["problems"])


def test_doctor_text_ends_with_the_problems_or_says_there_are_none(run):
    code, out, err = run("doctor")
    assert (code, err) == (0, "")
    last = out.splitlines()[-1]
    assert last.startswith("! ") or last == "no problems found"


def test_doctor_finds_a_widget_without_its_javascript(monkeypatch, tmp_path):
    from matwidgets.cli.commands import doctor

    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "ledger.js").touch()
    monkeypatch.setattr(doctor, "package_folder", lambda: tmp_path)
    problems = []
    found = doctor.widgets(problems)
    assert [stem for stem, built in found.items() if built] == ["ledger"]
    missing = ", ".join(stem for stem, built in found.items() if not built)
    assert problems == [
        f"JavaScript of {missing} is not built: `pip install .` builds it (in a checkout: `npm ci` and `npm run build` in "
        "js/)"
    ]
    assert doctor.checkpoints(problems) == []
    assert problems[-1] == "no bundled checkpoint is installed: install matwidgets again"
