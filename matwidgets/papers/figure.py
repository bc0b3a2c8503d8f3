"""Show a matplotlib figure in a notebook with a text for those who cannot see it."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 110
# Okabe and Ito's palette, and line styles and labels beside it: no meaning by colour alone.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
STYLES = ("-", "--", "-.", ":")


def show(figure: Figure, alt: str) -> None:
    """Display a figure as an inline picture with alt text, and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What the picture shows, in one or two sentences; it is also the plain-text output.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    picture = base64.b64encode(with_palette(drawn.getvalue())).decode()
    width = round(figure.get_figwidth() * 100)
    page = (
        f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{picture}" '
        f'style="width:100%;max-width:{width}px;background:white">'
    )
    display({"text/html": page, "text/plain": f"Figure: {alt}"}, raw=True)


def with_palette(png: bytes) -> bytes:
    """The same picture with at most 256 colours: less than half of the bytes in a committed notebook."""
    from PIL import Image

    small = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            small, format="png", optimize=True
        )
    return small.getvalue()
