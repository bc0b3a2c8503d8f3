// A host for the widgets without Jupyter: the Model interface over a plain object, and a kernel made of JavaScript.
export class HostModel {
  constructor(state, kernel = () => {}) {
    this.state = { ...state };
    this.saved = { ...state };
    this.kernel = kernel;
    this.listeners = new Map();
    this.sent = [];
  }
  get(key) {
    return this.state[key];
  }
  set(key, value) {
    const before = this.state[key];
    this.state[key] = value;
    if (before !== value) this.emit(`change:${key}`, this, value);
  }
  on(event, callback) {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event).add(callback);
  }
  off(event, callback) {
    this.listeners.get(event)?.delete(callback);
  }
  emit(event, ...args) {
    for (const callback of [...(this.listeners.get(event) ?? [])]) callback(...args);
  }
  save_changes() {
    const changed = {};
    for (const [key, value] of Object.entries(this.state))
      if (value !== this.saved[key]) changed[key] = value;
    this.saved = { ...this.state };
    if (Object.keys(changed).length) this.kernel({ type: "state", data: changed }, this);
  }
  send(content) {
    this.sent.push(content);
    this.kernel(content, this);
  }
  /** What the kernel does: set traits in the page. */
  receive(state) {
    for (const [key, value] of Object.entries(state)) this.set(key, value);
    this.saved = { ...this.state };
  }
  reply(content, buffers = []) {
    this.emit("msg:custom", content, buffers);
  }
}
