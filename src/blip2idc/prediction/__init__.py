"""Captions and heatmaps over a data set: resumable, one file out."""
