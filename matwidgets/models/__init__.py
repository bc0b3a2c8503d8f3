"""The networks: plain ``torch.nn.Module``s, tensors in and tensors out (no files, seeds or device guesses)."""
