"""The colours of the static pictures: the same as those of the page (js/src/shared/theme.css and colors.ts)."""

from __future__ import annotations

from collections.abc import Sequence

# Okabe and Ito's colours, darkened where they would not stand out from white; then five more.
PALETTE = (
    "#0072b2", "#d55e00", "#009e73", "#b5578f", "#bb7d00", "#2b8fc7",
    "#8a8300", "#5b6770", "#7a4fa3", "#8c4a2f", "#3f7d20", "#c0306a",
)  # fmt: skip
FIRST = 7  # of them as long as a system has no more elements

SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc "
    "Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi "
    "Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
).split()
_NUMBER = {symbol: number for number, symbol in enumerate(SYMBOLS, start=1)}


def element_colours(elements: Sequence[str]) -> dict[str, int]:
    """Index into the palette of each element of a system: the rule of js/src/shared/colors.ts (a test compares them)."""
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
