"""Round trips between the page and the kernel, measured in the page: a bare echo, and a slider's preview."""

from __future__ import annotations

import statistics
from typing import Any

ECHO = '''
import anywidget
class Echo(anywidget.AnyWidget):
    """Answers every message at once: the least that a round trip can cost here."""
    _esm = """
    export default { render({ model }) {
      window.echoOnce = () => new Promise((done) => {
        const began = performance.now();
        const back = () => { model.off("msg:custom", back); done(performance.now() - began); };
        model.on("msg:custom", back);
        model.send({});
      });
    } };
    """
echo = Echo()
echo.on_msg(lambda widget, content, buffers: widget.send({}))
echo
'''
PREVIEW = """([slider, readout, value]) => new Promise((done) => {
  const began = performance.now();
  const watch = new MutationObserver(() => {
    if (readout.classList.contains("mw-stale")) return;
    watch.disconnect();
    done(performance.now() - began);
  });
  watch.observe(readout, { attributes: true, attributeFilter: ["class"] });
  slider.value = value;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
})"""


def echo_ms(page: Any, repeats: int = 25) -> float:
    """Median round trip of a bare message, in ms; the echo widget must be in the page."""
    page.wait_for_function("() => typeof window.echoOnce === 'function'")
    return statistics.median(page.evaluate("() => window.echoOnce()") for _ in range(repeats))


def preview_ms(page: Any, panel: Any, repeats: int = 25) -> float:
    """Median time from a slider's move to the kernel's prediction for it in the page, in ms."""
    slider = panel.locator("input.mw-slider").first.element_handle()
    readout = panel.locator(".mw-readout").first.element_handle()
    taken = [page.evaluate(PREVIEW, [slider, readout, 20 + 2 * n]) for n in range(repeats)]
    page.evaluate("(slider) => slider.dispatchEvent(new Event('change', { bubbles: true }))", slider)
    return statistics.median(taken)
