"""A notebook as one page that opens from disk and asks for nothing outside itself."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from pathlib import Path

from matwidgets.papers.notebook_file import read_notebook, write_text


def to_html(source: str | Path, target: str | Path | None = None) -> Path:
    """Write a notebook as one page that asks for nothing outside itself; formulas become inline pictures.

    Returns
    -------
    Path
        ``target``, or the notebook's name with ``.html``.
    """
    import nbformat
    from nbconvert import HTMLExporter

    path = Path(target) if target else Path(source).with_suffix(".html")
    book = nbformat.reads(json.dumps(read_notebook(source)), as_version=4)
    book.metadata.pop("widgets", None)
    for cell in book.cells:
        if cell.cell_type == "markdown":
            cell.source = _draw_formulas(cell.source)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    exporter = HTMLExporter(template_name="lab", embed_images=True)
    for name in (
        "require_js_url",
        "mathjax_url",
        "jquery_url",
        "mermaid_js_url",
        "mermaid_layout_elk_js_url",
    ):
        if exporter.has_trait(name):
            setattr(exporter, name, "")
    page, _ = exporter.from_notebook_node(book, {"metadata": {"name": Path(source).stem}})
    write_text(path, _without_remote_scripts(page))
    return path


def remote_assets(page: str) -> list[str]:
    """Addresses that a page would load by itself (links that a reader may click are none)."""
    tags = re.findall(
        r"""<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)\s*=\s*["']((?:https?:)?//[^"']+)""", page
    )
    imports = re.findall(r"""(?:@import\s+(?:url\()?|\bimport\s[^;"']*)["']((?:https?:)?//[^"']+)""", page)
    return [*tags, *imports]


def _without_remote_scripts(page: str) -> str:
    """Drop script elements that would load something: nbconvert's mathjax, require.js and mermaid loaders."""

    def keep(match: re.Match[str]) -> str:
        text = match.group()
        outside = re.search(r"""\bsrc\s*=\s*["'](?:https?:)?//""", text) or remote_assets(text)
        loader = re.search(r"MathJax|mermaid|require\.config", text)
        return "" if outside or loader or re.search(r"""\bsrc\s*=\s*["']["']""", text) else text

    return re.sub(r"<script\b[^>]*>.*?</script>", keep, page, flags=re.DOTALL)


def _draw_formulas(markdown: str) -> str:
    """Replace $$...$$ and $...$ outside code by inline pictures (the page has no MathJax)."""
    parts = re.split(r"(```.*?```|`[^`]*`)", markdown, flags=re.DOTALL)
    for i in range(0, len(parts), 2):
        text = re.sub(
            r"\$\$(.+?)\$\$", lambda m: f"\n\n{_picture(m.group(1), 13)}\n\n", parts[i], flags=re.DOTALL
        )
        parts[i] = re.sub(
            r"(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<!\s)\$(?![\d$])", lambda m: _picture(m.group(1), 11), text
        )
    return "".join(parts)


def _picture(formula: str, size: int) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser

    text = f"${' '.join(formula.split())}$"
    font = FontProperties(size=size, math_fontfamily="cm")
    width, height, depth, _, _ = MathTextParser("path").parse(text, dpi=72, prop=font)
    figure = Figure(figsize=((width + 1) / 72, (height + 1) / 72))
    FigureCanvasSVG(figure)
    figure.text(0, depth / (height + 1), text, fontproperties=font)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None})
    data = base64.b64encode(drawn.getvalue()).decode()
    alternative = html.escape(formula.strip(), quote=True)
    style = f"vertical-align:{-depth:.1f}pt;display:inline-block"
    return f'<img alt="{alternative}" style="{style}" src="data:image/svg+xml;base64,{data}">'
