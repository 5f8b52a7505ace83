"""The close look: what is measured of a pair, and which sentence is told of it."""
