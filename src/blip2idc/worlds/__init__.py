"""Procedural sources of pairs with exact ground truth; NumPy and Pillow only, never torch."""
