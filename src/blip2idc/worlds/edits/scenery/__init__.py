"""Scenes that change by themselves: weather and season, a street before a fixed camera, land seen from above."""
