"""Floor 1, the language of materials: elements, compositions, properties (numpy and pymatgen; no torch, no pandas)."""
