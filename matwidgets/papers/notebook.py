"""Notebooks as things that are run, measured and cleaned.

``execute`` runs one by papermill and measures time and the kernel's peak memory; ``clean`` makes the result
fit to be committed; ``reproduce`` runs a paper's and writes notebook, page and ledger.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.papers.ledger import MIME, Ledger
from matwidgets.papers.notebook_file import joined, read_notebook, write_text
from matwidgets.papers.page import to_html

__all__ = [
    "Execution", "clean", "dirt", "execute", "parameters_of", "read_ledger", "reproduce", "to_html"
]  # fmt: skip
Progress = Callable[[int, int], None]
PRESETS = ("binder", "paper")
_SAMPLE_SECONDS = (
    0.05  # a kernel's memory is looked at this often; the allocator holds what it had for longer
)
_KEPT_NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}


@dataclass(frozen=True)
class Execution:
    """An executed notebook.

    Attributes
    ----------
    path : Path
        The file, with outputs.
    wall_s : float
        From the start of the kernel to its end, in seconds.
    peak_rss_mb : float
        Largest resident memory of the kernel's process, in MB (10^6 bytes).
    cell_s : tuple of float
        Seconds of each code cell, in order.
    """

    path: Path
    wall_s: float
    peak_rss_mb: float
    cell_s: tuple[float, ...]


def execute(
    source: str | Path,
    target: str | Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> Execution:
    """Run a notebook.

    Parameters
    ----------
    source, target : path
        The notebook and where the executed copy goes (it holds what was reached when a cell fails).
    parameters : mapping, optional
        Values for the cell tagged ``parameters``.
    folder : path, optional
        The kernel's working directory; the folder of ``target`` unless given.
    progress : callable, optional
        Called as ``progress(done, total)`` after every cell.

    Raises
    ------
    InputError
        If a parameter is unknown or of another type than its default.
    MatwidgetsError
        If a cell raised; the message names the cell and its error.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    source, target = Path(source), Path(target)
    values = _fitting(source, parameters or {})
    target.parent.mkdir(parents=True, exist_ok=True)
    _register_engine()
    watch = _MemoryWatch()
    began = time.perf_counter()
    with watch:
        try:
            executed = papermill.execute_notebook(
                str(source), str(target), values, engine_name="matwidgets", kernel_name="python3",
                progress_bar=False, cwd=str(folder or target.parent), report=progress,
                extra_arguments=["--IPKernelApp.log_level=50"],  # not its notices of start and stop
            )  # fmt: skip
        except PapermillExecutionError as error:
            raise MatwidgetsError(
                f"{source.name}: cell {error.exec_count} raised {error.ename}: {_one_line(error.evalue)} "
                f"(the run up to there is in {target})"
            ) from error
    wall = time.perf_counter() - began
    seconds = [c.metadata.papermill.get("duration") or 0.0 for c in executed.cells if c.cell_type == "code"]
    return Execution(target, wall, watch.peak / 1e6, tuple(seconds))


def parameters_of(source: str | Path) -> dict[str, Any]:
    """Names and defaults in the cell tagged ``parameters`` (plain literals); empty if there is none."""
    for cell in read_notebook(source)["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            try:
                assignments = ast.parse(joined(cell["source"])).body
                return {
                    node.targets[0].id: ast.literal_eval(node.value)
                    for node in assignments
                    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
                }
            except (SyntaxError, ValueError):
                raise InputError(
                    f"The cell of parameters in {Path(source).name} holds more than NAME = LITERAL; keep it to that"
                ) from None
    return {}


def clean(source: str | Path, target: str | Path | None = None) -> Path:
    """Take out of an executed notebook what belongs to one run on one machine; the outputs stay.

    Gone are widget state and widget views (the static twin remains), times, papermill's metadata and its
    injected cell; execution counts are numbered from 1.
    """
    book = read_notebook(source)
    cells = []
    for cell in book["cells"]:
        tags = cell["metadata"].get("tags", [])
        if "injected-parameters" in tags:
            continue
        cell["metadata"] = {
            k: v for k, v in cell["metadata"].items() if k not in ("papermill", "execution", "collapsed")
        }
        cells.append(cell)
    count = 0
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        if cell["execution_count"] is not None:
            count += 1
            cell["execution_count"] = count
        for output in cell["outputs"]:
            if output["output_type"] == "execute_result":
                output["execution_count"] = cell["execution_count"]
            data = output.get("data", {})
            data.pop("application/vnd.jupyter.widget-view+json", None)
            if "metadata" in output:
                output["metadata"] = {k: v for k, v in output["metadata"].items() if k in data}
        cell["outputs"] = [o for o in cell["outputs"] if o["output_type"] != "display_data" or o["data"]]
    book["cells"] = cells
    book["metadata"] = json.loads(json.dumps(_KEPT_NOTEBOOK_METADATA))
    path = Path(target or source)
    write_text(path, json.dumps(book, indent=1, ensure_ascii=False) + "\n")
    return path


def dirt(source: str | Path) -> list[str]:
    """List what keeps a notebook from being committed, one line each; empty if nothing does."""
    book = read_notebook(source)
    found = [f"notebook metadata holds {k!r}" for k in book["metadata"] if k not in _KEPT_NOTEBOOK_METADATA]
    for number, cell in enumerate(book["cells"]):
        name = f"cell {number}"
        found += [f"{name} metadata holds {k!r}" for k in ("papermill", "execution") if k in cell["metadata"]]
        if cell["cell_type"] != "code":
            continue
        if cell["execution_count"] is None and joined(cell["source"]).strip():
            found.append(f"{name} was not executed")
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                found.append(f"{name} raised {output['ename']}")
            if output.get("name") == "stderr":
                found.append(f"{name} wrote to stderr: {_one_line(joined(output['text']))}")
            for kind, value in {"text/plain": output.get("text", ""), **output.get("data", {})}.items():
                if kind.startswith("image/"):
                    continue
                text = joined(value) if isinstance(value, (str, list)) else json.dumps(value)
                if kind == "application/vnd.jupyter.widget-view+json":
                    found.append(f"{name} holds a live widget's view")
                if re.search(r"\bat 0x[0-9a-f]{6,}", text):
                    found.append(f"{name} shows a memory address")
                path = re.search(
                    r"(?<![\w:/.])/(?:home|root|tmp|work|Users|opt|usr)/\S+|[A-Z]:\\\\?Users", text
                )
                if path:
                    found.append(f"{name} shows a path of one machine: {path.group()[:40]}")
    return found


def read_ledger(source: str | Path) -> dict[str, Any]:
    """Find the ledger in a notebook's outputs (the last, if there are several).

    Raises
    ------
    InputError
        If no output holds one.
    """
    ledger = None
    for cell in read_notebook(source)["cells"]:
        for output in cell.get("outputs", []):
            ledger = output.get("data", {}).get(MIME, ledger)
    if ledger is None:
        raise InputError(f"{Path(source).name} holds no ledger in its outputs; run it to the end")
    return json.loads(joined(ledger)) if isinstance(ledger, (str, list)) else ledger


def reproduce(
    word: str,
    preset: str = "binder",
    seed: int = 0,
    out: str | Path | None = None,
    params: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> tuple[Ledger, dict[str, Path]]:
    """Run a paper's notebook and write notebook, page and ledger.

    What the notebook reads and `matwidgets.papers.preparation` makes is made first, outside of its time.

    Parameters
    ----------
    word : str
    preset : {"binder", "paper"}
    seed : int
    out : path, optional
        Folder for the three files; the present folder unless given.
    params : mapping, optional
        Further parameters of the notebook.
    progress : callable, optional
        Called as ``progress(done, total)`` after every cell.

    Returns
    -------
    ledger : Ledger
        With wall time and peak memory of this run.
    paths : dict
        ``notebook``, ``html`` and ``ledger``.
    """
    from matwidgets.papers.preparation import preparation
    from matwidgets.papers.registry import paper

    record = paper(word)
    if preset not in PRESETS:
        raise InputError(f"There is no preset {preset!r}; use {' or '.join(PRESETS)}")
    source = record.notebook_path
    if source is None:
        raise InputError(
            f"{word} is planned and has no notebook yet; `matwidgets papers` shows which papers have one"
        )
    run = preparation(word)
    if run is not None:
        run.start().wait()
    folder = Path(out or ".").resolve()
    done = execute(
        source, folder / source.name, {**(params or {}), "preset": preset, "seed": seed}, progress=progress
    )
    ledger = Ledger.from_json(read_ledger(done.path), record.claims)
    ledger.wall_s, ledger.peak_rss_mb = round(done.wall_s, 1), round(done.peak_rss_mb, 1)
    document = folder / f"{word}.ledger.json"
    write_text(document, json.dumps(ledger.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    page = to_html(done.path, folder / f"{source.stem}.html")
    return ledger, {"notebook": done.path, "html": page, "ledger": document}


class _MemoryWatch:
    """Looks, from a thread, at the memory of the kernels below this process."""

    def __enter__(self) -> _MemoryWatch:
        self.peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="matwidgets memory watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        import psutil

        me, before = (
            psutil.Process(os.getpid()),
            {c.pid for c in psutil.Process(os.getpid()).children(recursive=True)},
        )
        while not self._ended.wait(_SAMPLE_SECONDS):
            for child in me.children(recursive=True):
                if child.pid in before:
                    continue
                try:
                    self.peak = max(self.peak, child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue  # it ended between the listing and the look


def _register_engine() -> None:
    from papermill.engines import NBClientEngine, papermill_engines

    class Reporting(NBClientEngine):
        @classmethod
        def execute_managed_notebook(
            cls, nb_man: Any, kernel_name: str, report: Any = None, **kwargs: Any
        ) -> Any:
            total = len(nb_man.nb.cells)
            finish = nb_man.cell_complete

            def complete(cell: Any, cell_index: int | None = None, **more: Any) -> Any:
                outcome = finish(cell, cell_index=cell_index, **more)
                if report is not None and cell_index is not None:
                    report(cell_index + 1, total)
                return outcome

            nb_man.cell_complete = complete
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)

    papermill_engines.register("matwidgets", Reporting)


def _fitting(source: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give each parameter its default's type; text from a command line is read as a literal."""
    defaults = parameters_of(source)
    values = {}
    for name, value in given.items():
        if name not in defaults:
            raise InputError(
                f"{source.name} has no parameter {name!r}; it has {', '.join(defaults) or 'none'}"
            )
        wanted = type(defaults[name])
        if isinstance(value, str) and wanted is not str:
            with contextlib.suppress(SyntaxError, ValueError):  # not a literal: refused below with its text
                value = ast.literal_eval(value)
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            raise InputError(
                f"Parameter {name} is {value!r}; it must be {wanted.__name__}, like {defaults[name]!r}"
            )
        values[name] = value
    return values


def _one_line(text: str) -> str:
    return " ".join(str(text).split())[:200]
