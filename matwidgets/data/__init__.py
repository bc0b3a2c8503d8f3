"""Floor 2, where tables come from: registry, retrieval, loaders, splits, the computed library."""
