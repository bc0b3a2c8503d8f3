"""Floor 2, where tables come from: the registry, the one room with network, loaders, splits, the computed library."""
