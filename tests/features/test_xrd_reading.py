"""Measured patterns: formats, wavelengths, and what is refused."""

import math

import numpy as np
import pytest

from matwidgets.data.crystals import find_crystal
from matwidgets.errors import InputError
from matwidgets.features import xrd, xrd_reading
from matwidgets.features.xrd_reading import read_pattern, to_grid

ANGLES = np.arange(8, 95, 0.02)


def bump(centre, angles=ANGLES, width=0.15):
    return 1000 * np.exp(-((angles - centre) ** 2) / (2 * width**2))


def row_texts(separator=" ", comma=False, angles=ANGLES, counts=None):
    counts = bump(31.7) if counts is None else counts
    text = "\n".join(f"{a:.4f}{separator}{c:.5f}" for a, c in zip(angles, counts, strict=True))
    return text.replace(".", ",") if comma else text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xy", row_texts()),
        ("a.XY", "# sample 1\n! scan\n\n" + row_texts("\t")),
        ("a.txt", "2theta counts\n" + row_texts("    ")),
        ("a.dat", "'comment\n/ another\n" + row_texts("  ").replace("\n", "  1.0\n")),
        ("a.csv", row_texts(",")),
        ("a.csv", '"2theta","counts"\n' + row_texts(" , ")),
        ("a.csv", "\ufeffangle;counts\r\n" + row_texts(";").replace("\n", "\r\n")),
        ("a.csv", "Probe;Salz\nWinkel;Impulse\n" + row_texts(";", comma=True)),
    ],
)
def test_formats(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    found = read_pattern(tmp_path / name)
    assert (found.shape, found.dtype, found.max()) == ((1601,), np.float32, 1)
    assert found == pytest.approx(bump(31.7, xrd.GRID) / 1000, abs=0.02)


@pytest.mark.parametrize("wavelength", ["MoKa", "CoKa", "CrKa", "FeKa", "AgKa", "CuKa1", 0.8])
def test_another_wavelength_is_turned_by_braggs_law(wavelength):
    """Two planes, 3.0 and 2.2 angstrom apart, measured with that wavelength."""
    length = xrd.wavelength_of(wavelength)
    seen, wanted = (
        [2 * math.degrees(math.asin(w / (2 * d))) for d in (3.0, 2.2)]
        for w in (length, xrd.WAVELENGTHS["CuKa"])
    )
    angles = np.arange(2, 150, 0.01)
    counts = bump(seen[0], angles, 0.08) + 0.5 * bump(seen[1], angles, 0.08)
    found = xrd.find_peaks(to_grid(angles, counts, wavelength=wavelength))
    assert found.two_theta == pytest.approx(wanted, abs=0.051)


@pytest.mark.parametrize("wavelength", ["CuKa", "MoKa", "AgKa", "CrKa"])
def test_intensities_of_another_wavelength_become_those_of_copper(wavelength):
    """A scan is drawn from peaks computed at one wavelength; the reference are those computed at Cu K-alpha."""
    salt = find_crystal("NaCl").structure()
    seen, wanted = xrd.peaks(salt, wavelength), xrd.peaks(salt)
    ratio = xrd.wavelength_of(wavelength) / xrd.WAVELENGTHS["CuKa"]
    sines = np.sin(np.radians(seen.two_theta / 2)) / ratio
    turned = 2 * np.degrees(np.arcsin(sines[sines < 1]))
    angles = np.arange(2, 150, 0.005)
    counts = sum(
        height * bump(angle, angles, 0.2 * ratio)
        for angle, height in zip(seen.two_theta, seen.intensity, strict=True)
    )
    found = to_grid(angles, counts, wavelength=wavelength)
    compared = 0
    for angle, height in zip(wanted.two_theta, wanted.intensity, strict=True):
        if np.abs(turned - angle).min() < 1e-6:  # the same planes
            near = found[np.abs(xrd.GRID - angle) < 0.11].max()
            # 2 %: a point of the grid lies up to 0.025 degrees beside a top some 0.2 wide, at most 1 % down
            assert near == pytest.approx(height / 100, rel=0.02, abs=1e-4)
            compared += 1
    assert compared >= 5


def test_a_coarse_scan_is_joined_by_lines_and_a_fine_one_averaged():
    coarse = np.arange(10, 90.1, 0.5)
    drawn = to_grid(coarse, coarse)  # a straight rise
    assert drawn == pytest.approx(xrd.GRID / 90, abs=1e-6)
    fine = np.arange(10, 90, 0.005)
    noisy = 100 + 10 * (-1.0) ** np.arange(len(fine))
    assert np.ptp(to_grid(fine, noisy)[5:-5]) < 0.03


def test_outside_the_measurement_is_zero():
    angles = np.arange(20, 70, 0.05)
    drawn = to_grid(angles, np.ones(len(angles)))
    assert drawn[xrd.GRID < 19.9].max() == 0
    assert drawn[xrd.GRID > 70.1].max() == 0
    assert drawn[(xrd.GRID > 20.1) & (xrd.GRID < 69.9)].min() == 1


def test_the_background_stays_unless_a_line_is_taken_off():
    counts = bump(31.7) + 500 - 3 * ANGLES
    assert to_grid(ANGLES, counts).min() > 0.1
    without = to_grid(ANGLES, counts, straight_background=True)
    # The line is fitted to the lowest points of either half, which lie at its far end: exact for a straight slope.
    assert without == pytest.approx(bump(31.7, xrd.GRID) / 1000, abs=0.02)


@pytest.mark.parametrize(
    ("angles", "counts", "told"),
    [
        (ANGLES[:99], bump(9, ANGLES[:99]), "99 points; give at least 100"),
        (ANGLES, bump(31.7) - 1, r"a count of -1 at .* degrees; give counts from 0"),
        (ANGLES[::-1], bump(31.7), "angles do not increase"),
        (np.repeat(ANGLES, 2), np.repeat(bump(31.7), 2), "angles do not increase"),
        (np.linspace(0, 90, 500), np.ones(500), "lie between 0 and 180"),
        (np.linspace(10, 200, 500), np.ones(500), "lie between 0 and 180"),
        (np.linspace(10, 40, 500), np.ones(500), "over 40 degrees"),
        (np.linspace(91, 170, 500), np.ones(500), "0 of its points"),
        (np.linspace(0.1, 3, 500), np.ones(500), "0 of its points"),
        (ANGLES, np.zeros(len(ANGLES)), "is zero"),
        (ANGLES, np.where(ANGLES > 50, np.nan, 1.0), "not finite"),
        (ANGLES, np.ones(3), "two of one length"),
    ],
)
def test_patterns_that_are_none(angles, counts, told):
    with pytest.raises(InputError, match=told) as caught:
        to_grid(angles, counts)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.raw", b"1 2", "is read from .xy, .csv"),
        ("a.xy", b"", "no row of two numbers"),
        ("a.xy", b"# only\n# comments\n", "no row of two numbers"),
        ("a.xy", b"10 5\n11 six\n", "line 2: '11 six' is no pair"),
        ("a.csv", b"one\ntwo\nthree\n", "no row of two numbers"),
        ("a.xy", bytes(range(256)) * 4, "is no pair of numbers|no row of two"),
        ("a.xy", b"10\n11\n", "no row of two numbers"),
    ],
)
def test_files_that_are_none(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=told):
        read_pattern(tmp_path / name)


def test_files_that_cannot_be_opened(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="cannot be read.*existing file"):
        read_pattern(tmp_path / "none.xy")
    (tmp_path / "folder.xy").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_pattern(tmp_path / "folder.xy")
    (tmp_path / "a.xy").write_text(row_texts())
    monkeypatch.setattr(xrd_reading, "LARGEST", 1000)
    with pytest.raises(InputError, match="more than 0 MB"):
        read_pattern(tmp_path / "a.xy")
