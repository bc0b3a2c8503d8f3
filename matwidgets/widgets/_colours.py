"""The colours of the static pictures: the same as those of the page (js/src/shared/theme.css and colors.ts)."""

from __future__ import annotations

from collections.abc import Sequence

# Okabe and Ito's colours, darkened where they would not stand out from white; then five more.
PALETTE = (
    "#0072b2", "#c05500", "#008561", "#b1558c", "#9f6a00", "#257cad",
    "#7e7700", "#5b6770", "#7a4fa3", "#8c4a2f", "#3f7d20", "#c0306a",
)  # fmt: skip
FIRST = 7  # of them as long as a system has no more elements

_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr "
    "Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir "
    "Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl "
    "Mc Lv Ts Og"
)
SYMBOLS = tuple(_SYMBOLS.split())
_NUMBER = {symbol: number for number, symbol in enumerate(SYMBOLS, start=1)}


def element_colours(elements: Sequence[str]) -> dict[str, int]:
    """Index into the palette of each element of a system: the rule of js/src/shared/colors.ts (a test
    compares them).
    """
    result: dict[str, int] = {}
    taken: set[int] = set()
    for symbol in sorted(set(elements), key=lambda e: (_NUMBER.get(e, 119), e)):
        pool = FIRST if len(taken) < FIRST else len(PALETTE)
        if len(taken) == len(PALETTE):
            taken.clear()
        index = _NUMBER.get(symbol, 119) % FIRST
        while index in taken:
            index = (index + 1) % pool
        taken.add(index)
        result[symbol] = index
    return result


# Viridis (Smith, van der Walt 2015) at 17 stops, as in js/src/shared/colors.ts.
_VIRIDIS = (
    "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c 1fa088 28ae80 3fbc73 5ec962 84d44b addc30 "
    "d8e219 fde725"
)
_STOPS = [tuple(int(hexed[at : at + 2], 16) for at in (0, 2, 4)) for hexed in _VIRIDIS.split()]


def field_colour(t: float) -> str:
    """Return the colour of a field at `t` in 0..1 (clipped)."""
    position = min(1.0, max(0.0, t)) * (len(_STOPS) - 1)
    below = min(len(_STOPS) - 2, int(position))
    part = position - below
    mixed = (a + part * (b - a) for a, b in zip(_STOPS[below], _STOPS[below + 1], strict=True))
    return "#" + "".join(f"{round(c):02x}" for c in mixed)


def ink_on(colour: str) -> str:
    """Return black or white, whichever reads better on the colour (its relative luminance decides)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"
