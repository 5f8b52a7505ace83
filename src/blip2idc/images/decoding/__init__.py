"""Open image files that somebody else made, within bounds of memory and time.

In: a path or bytes. Out: a Pillow image of a known format whose decoding is known to fit, or an `ImageError`. Each
format has a file that reads its structure, without decoding, for what would make a decoder run away. docs/security.md
tells what is promised.
"""
