"""The values an image file holds, as they are: every frame, every band, alpha, 16 bits, floats; no torch."""
