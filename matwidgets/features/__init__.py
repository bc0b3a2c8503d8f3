"""Floor 1, the language of materials: elements, compositions, properties (no torch, no pandas)."""
