"""Figures: one module each, arrays in and a matplotlib Figure out. None of them imports torch."""
