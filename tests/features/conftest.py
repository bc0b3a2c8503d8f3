from hypothesis import settings

# No deadline: the first example pays for imports, and a loaded machine is no defect. The same examples in every run.
settings.register_profile("matwidgets", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("matwidgets")
