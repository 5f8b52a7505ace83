"""Editors: an image and an instruction in, an edited image out."""
