"""Training: one readable loop, losses, threads and checkpoints."""
