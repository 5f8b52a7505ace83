"""The version, apart from the package's public names, so that every part may tell it."""

__version__ = "0.1.0"
