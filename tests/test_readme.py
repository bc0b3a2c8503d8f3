"""README promises what is there: its commands, its links, its pictures."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")
COMMANDS = (
    'pip install -c binder/constraints.txt ".[lab]"  && matwidgets reproduce crabnet',
    'pip install -c binder/constraints.txt -e ".[test]" && pytest',
)
CPU = "--extra-index-url https://download.pytorch.org/whl/cpu"


@pytest.mark.parametrize("command", COMMANDS)
def test_both_commands_stand_there_and_again_for_linux_without_a_gpu(command):
    lines = [line.strip() for line in TEXT.splitlines()]
    assert command in lines
    assert command.replace("pip install", f"pip install {CPU}", 1) in lines


def test_what_is_linked_is_there():
    links = re.findall(r"\]\(([^)#]+)", TEXT) + re.findall(r'(?:src|href)="([^"]+)"', TEXT)
    local = [link for link in links if not link.startswith("https://")]
    assert local
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_every_picture_has_a_text():
    assert all(re.search(r'alt="[^"]{10,}"', tag) for tag in re.findall(r"<img\b[^>]*>", TEXT))
    assert all(len(alt) >= 10 for alt in re.findall(r"!\[([^\]]*)\]", TEXT))


def test_the_commands_of_the_command_line_exist():
    from matwidgets.cli import main

    used = set(re.findall(r"^    matwidgets (\w+)", TEXT, re.MULTILINE)) | set(
        re.findall(r"`matwidgets (\w+)", TEXT)
    )
    assert used >= {"predict", "design", "doctor", "lab", "data"}
    for name in sorted(used):
        assert main([name, "--help"]) == 0, name


def test_the_table_of_models_is_the_cards():
    from matwidgets.papers import accuracy

    assert accuracy.updated(TEXT) == TEXT, "write matwidgets.papers.accuracy.updated(text) into README.md"
    assert TEXT.count("| `bulk_modulus` | GPa | 736 | **8.14** (8.5 to 8.9) | 8.82 | 8.69 | 11.91 |") == 1
