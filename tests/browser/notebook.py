"""A notebook in the page, driven as a person drives it, and its kernel, asked directly."""

from __future__ import annotations

import json
from typing import Any

CURRENT = "window.jupyterapp.shell.currentWidget"
# Runs code in the notebook's kernel without touching the notebook; gives what it printed.
ASK = """async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code, store_history: false });
  let printed = "";
  future.onIOPub = (message) => {
    if (message.header.msg_type === "stream" && message.content.name === "stdout") printed += message.content.text;
    if (message.header.msg_type === "error") printed = "error: " + message.content.evalue;
  };
  await future.done;
  return printed;
}"""
# Every code cell: whether it ran, and the text of its errors.
CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === "code" && cell.model.sharedModel.getSource().trim())
  .map((cell) => ({
    ran: cell.model.executionCount !== null && cell.model.executionState !== "running",
    errors: cell.model.outputs.toJSON().filter((o) => o.output_type === "error").map((o) => o.ename + ": " + o.evalue),
  }))"""


class Notebook:
    """The notebook that is in front in a page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        page.wait_for_function(f"() => {CURRENT}?.context?.isReady")
        page.wait_for_function(f"() => {CURRENT}.sessionContext?.session?.kernel?.status === 'idle'")

    @property
    def path(self) -> str:
        return self.page.evaluate(f"() => {CURRENT}.context.path")

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        self.page.evaluate(
            "([name, args]) => { window.jupyterapp.commands.execute(name, args); }", [name, arguments or {}]
        )

    def clear(self) -> None:
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")

    def run_all(self, seconds: float) -> None:
        """Run every cell and wait until the kernel has nothing left to do; an error in a cell is raised."""
        self.clear()
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(f"() => ({CELLS})().every((cell) => cell.ran)", timeout=seconds * 1000)
        self.page.wait_for_function(f"() => {CURRENT}.sessionContext.session.kernel.status === 'idle'")
        errors = [error for cell in self.page.evaluate(CELLS) for error in cell["errors"]]
        assert not errors, errors

    def add_cell(self, code: str) -> None:
        """Write a cell at the end and run it; the page stands there afterwards."""
        self.page.evaluate(
            f"""async (code) => {{
              const panel = {CURRENT};
              panel.content.activeCellIndex = panel.content.widgets.length - 1;
              await window.jupyterapp.commands.execute("notebook:insert-cell-below");
              panel.content.activeCell.model.sharedModel.setSource(code);
              await window.jupyterapp.commands.execute("notebook:run-cell");
            }}""",
            code,
        )

    def ask(self, code: str) -> Any:
        """What `code` prints in the kernel, read as JSON."""
        printed = self.page.evaluate(ASK, code)
        assert not printed.startswith("error: "), printed
        return json.loads(printed)
