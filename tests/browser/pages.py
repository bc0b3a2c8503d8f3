"""A widget of Python in a page without Jupyter: the page's messages reach the widget, its answers the page."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from matwidgets.widgets.base import STATIC, MatWidget, jsonable

HOST = Path(__file__).resolve().parents[2] / "js" / "tests" / "harness" / "host.js"
_HIDDEN = {"layout", "tabbable", "tooltip", "comm", "keys"}

_MOUNT = """async ({ code, host, state, theme }) => {
  const load = (text) => import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const thaw = (value) => {
    if (value?.encoding === "base64") {
      const bytes = Uint8Array.from(atob(value.data), (letter) => letter.charCodeAt(0));
      return { dtype: value.dtype, shape: value.shape, data: new DataView(bytes.buffer) };
    }
    return value;
  };
  const freeze = (value) => {
    if (!value?.dtype) return value;
    const { buffer, byteOffset, byteLength } = value.data;
    const text = Array.from(new Uint8Array(buffer, byteOffset, byteLength), (byte) => String.fromCharCode(byte));
    return { dtype: value.dtype, shape: value.shape, encoding: "base64", data: btoa(text.join("")) };
  };
  const each = (change, record) =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
  document.body.dataset.jpThemeLight = String(theme !== "dark");
  document.body.style.cssText = `margin:16px;background:${theme === "dark" ? "#111" : "#fff"};font-family:system-ui`;
  document.body.innerHTML = "<main></main>";
  const { HostModel } = await load(host);
  const kernel = async (message, model) => {
    const content = message.type === "state" ? { type: "state", data: each(freeze, message.data) } : message;
    const { state: changed, sent } = await window.toPython(content);
    model.receive(each(thaw, changed));
    for (const answer of sent) model.reply(answer);
  };
  const { default: widget } = await load(code);
  const el = document.querySelector("main").appendChild(document.createElement("div"));
  window.model = new HostModel(each(thaw, state), kernel);
  window.cleanup = await widget.render({ model: window.model, el });
}"""


def put_into(page: Any, widget: MatWidget, theme: str = "light") -> None:
    """Show a widget in a page; the page's changes and questions go to the widget itself."""
    names = {name for name in widget.class_traits(sync=True) if not name.startswith("_")} - _HIDDEN

    def state() -> dict[str, Any]:
        return {name: jsonable(getattr(widget, name)) for name in names}

    def to_python(content: dict[str, Any]) -> dict[str, Any]:
        sent: list[dict[str, Any]] = []
        before = state()
        widget.send = lambda message, buffers=None: sent.append(message)  # type: ignore[method-assign]
        if content["type"] == "state":
            before |= content["data"]
            widget.set_state({name: _thawed(value) for name, value in content["data"].items()})
        else:
            widget._receive(widget, content)
        after = state()
        return {"state": {k: v for k, v in after.items() if v != before[k]}, "sent": jsonable(sent)}

    page.expose_function("toPython", to_python)
    page.evaluate(
        _MOUNT,
        {
            "code": (STATIC / f"{widget.stem}.js").read_text(encoding="utf-8"),
            "host": HOST.read_text(encoding="utf-8"),
            "state": state(),
            "theme": theme,
        },
    )


def _thawed(value: Any) -> Any:
    if isinstance(value, dict) and value.get("encoding") == "base64":
        return value | {"data": memoryview(base64.b64decode(value["data"]))}
    return value
