"""Two folders compared: which files belong together, what differs, and the verdicts; no torch."""
