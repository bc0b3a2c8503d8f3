"""The papers: a folder of records (``<word>.toml``), found by themselves.

A further paper is a further record with its experiment, notebook, model and test; nothing here names one.
"""

from __future__ import annotations

import difflib
import itertools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from matwidgets.errors import InputError
from matwidgets.papers.claims import Claim, Deviation
from matwidgets.papers.ledger import Ledger

PACKAGE = Path(__file__).resolve().parents[1]
START = "00_start_here"
Status = Literal["planned", "partial", "complete"]


@dataclass(frozen=True)
class Paper:
    """One paper's record.

    Attributes
    ----------
    word : str
        The name it has everywhere: model file, record, checkpoint folder, test file, notebook.
    number : int
        Its place in the row; the notebook is ``<number>_<word>.ipynb``.
    title, name, venue, doi, summary : str
        ``name`` is what people call it, ``summary`` one sentence for a card.
    authors : tuple of str
    year : int
    minutes : float
        Stated running time of the notebook with preset "binder" on one core.
    claims : tuple of Claim
    deviations : tuple of Deviation
    """

    word: str
    number: int
    name: str
    title: str
    authors: tuple[str, ...]
    year: int
    venue: str
    doi: str
    summary: str
    minutes: float
    claims: tuple[Claim, ...]
    deviations: tuple[Deviation, ...]
    package: Path = field(repr=False, default=PACKAGE)
    notebooks: Path | None = field(repr=False, default=None)

    @property
    def stem(self) -> str:
        """Name of the notebook's file without its ending."""
        return f"{self.number:02d}_{self.word}"

    @property
    def notebook_path(self) -> Path | None:
        """The notebook, if it has been written."""
        folder = self.notebooks or notebooks_folder(self.package)
        path = None if folder is None else folder / f"{self.stem}.ipynb"
        return path if path is not None and path.is_file() else None

    @property
    def status(self) -> Status:
        """Computed: no notebook, planned; a claim still planned, partial; otherwise complete."""
        if self.notebook_path is None:
            return "planned"
        return "partial" if any(c.planned for c in self.claims) else "complete"

    def ledger(self) -> Ledger:
        """Read the last known ledger: the one in the notebook as it is shipped.

        Raises
        ------
        InputError
            If the paper has no notebook yet, or its notebook holds no ledger.
        """
        from matwidgets.papers.notebook import read_ledger

        path = self.notebook_path
        if path is None:
            raise InputError(f"{self.word} is {self.status}: it has no notebook and so no ledger yet")
        return Ledger.from_json(read_ledger(path), self.claims)

    def open_ledger(self, preset: str = "binder", seed: int = 0) -> Ledger:
        """Open an empty ledger of this paper's claims, to be filled by its notebook."""
        return Ledger(self.word, self.claims, preset, seed, versions=versions())

    def missing_parts(self, tests: Path | None = None) -> list[str]:
        """List what the house demands of a paper that is more than planned, and that is not there.

        Parameters
        ----------
        tests : Path, optional
            The folder of the tests; without it (an installed wheel has none) no test file is asked for.

        Returns
        -------
        list of str
            Paths relative to the package (or to ``tests``); empty for a planned paper.
        """
        if self.status == "planned":
            return []
        wanted = [self.package / "models" / f"{self.word}.py", self.package / "papers" / f"{self.word}.py"]
        absent = [str(p.relative_to(self.package)) for p in wanted if not p.is_file()]
        checkpoints = self.package / "checkpoints" / self.word
        if not any(checkpoints.glob("**/*.safetensors")):
            absent.append(f"checkpoints/{self.word}/*.safetensors")
        if tests is not None and not any(tests.glob(f"**/test_{self.word}*.py")):
            absent.append(f"tests/**/test_{self.word}.py")
        return absent

    def to_json(self) -> dict[str, Any]:
        """Give one row of ``matwidgets papers --json``."""
        path = self.notebook_path
        return {
            "word": self.word, "title": self.title, "authors": list(self.authors), "year": self.year,
            "doi": self.doi, "notebook": None if path is None else path.name, "status": self.status,
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"<Paper {self.word}: {self.authors[0].split()[-1]} {self.year}, {self.status}>"


def load_papers(package: Path | None = None, notebooks: Path | None = None) -> list[Paper]:
    """All papers, in the order of their numbers.

    Parameters
    ----------
    package : Path, optional
        Folder that holds ``papers/*.toml``; this package unless another is named (a test's toy paper).
    notebooks : Path, optional
        Folder of the notebooks; found beside or inside ``package`` unless given.

    Raises
    ------
    InputError
        If a record lacks an entry, has one that is unknown, or two records share a number.
    """
    package = package or PACKAGE
    papers = [_read(path, package, notebooks) for path in sorted((package / "papers").glob("*.toml"))]
    papers.sort(key=lambda p: p.number)
    for one, other in itertools.pairwise(papers):
        if one.number == other.number:
            raise InputError(
                f"{one.word}.toml and {other.word}.toml share the number {one.number}; give each its own"
            )
    return papers


def paper(word: str) -> Paper:
    """Find the paper of that word.

    Raises
    ------
    InputError
        If there is none; the message lists all and the nearest.
    """
    papers = {p.word: p for p in load_papers()}
    if word not in papers:
        near = difflib.get_close_matches(word, papers, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"There is no paper {word!r}; there are {', '.join(papers)}{hint}")
    return papers[word]


def notebooks_folder(package: Path | None = None) -> Path | None:
    """Where the notebooks are: inside an installed package, or beside it in a checkout; None if nowhere."""
    package = package or PACKAGE
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if any(folder.glob("[0-9][0-9]_*.ipynb")):
            return folder
    return None


def find_notebooks(package: Path | None = None) -> list[Path]:
    """Every notebook that is shipped, in order: ``00_start_here`` and one a paper."""
    folder = notebooks_folder(package)
    return [] if folder is None else sorted(folder.glob("[0-9][0-9]_*.ipynb"))


def cards(package: Path | None = None) -> list[dict[str, str]]:
    """List what a launcher shows: "Start here" and a card for each paper that has a notebook.

    Returns
    -------
    list of dict
        ``{"word", "title", "caption", "notebook"}``; ``notebook`` is the file's name.
    """
    shown = []
    for path in find_notebooks(package):
        if path.stem == START:
            caption = "A first look: predict, pick elements, drag a slider"
            shown.append(
                {"word": "start_here", "title": "Start here", "caption": caption, "notebook": path.name}
            )
    for one in load_papers(package):
        path_or_none = one.notebook_path
        if path_or_none is not None:
            shown.append(
                {"word": one.word, "title": one.name, "caption": one.summary, "notebook": path_or_none.name}
            )
    return shown


def versions() -> dict[str, str]:
    """Versions of Python and of what a result depends on, as far as installed."""
    import platform
    from importlib import metadata

    from matwidgets import __version__

    found = {"python": platform.python_version(), "matwidgets": __version__}
    for name in ("torch", "numpy", "pandas", "scikit-learn", "pymatgen"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # an optional part that is not there has no version
    return found


def _read(path: Path, package: Path, notebooks: Path | None) -> Paper:
    try:
        record = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name} is no valid TOML ({error}); correct that line") from None
    if record.get("word") != path.stem:
        raise InputError(
            f"{path.name} says word = {record.get('word')!r}; it must be the file's name {path.stem!r}"
        )
    try:
        claims = tuple(_claim(c) for c in record.pop("claims", []))
        deviations = tuple(Deviation(**d) for d in record.pop("deviations", []))
        record["authors"] = tuple(record["authors"])
        return Paper(**record, claims=claims, deviations=deviations, package=package, notebooks=notebooks)
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{path.name} does not fit the record of a paper: {error}; compare with crabnet.toml"
        ) from None


def _claim(entry: Mapping[str, Any]) -> Claim:
    published = entry["published"]
    return Claim(**{**entry, "published": tuple(published) if isinstance(published, list) else published})
