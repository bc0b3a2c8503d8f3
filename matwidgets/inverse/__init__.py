"""Models used backwards: from a wanted property to a composition.

Everything here takes callables, never a model class.
"""
