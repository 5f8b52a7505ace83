"""Training: a recipe and data go in, an adapter (or a whole tiny backbone) comes out."""
