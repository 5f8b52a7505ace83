"""Whether heatmaps point at the change."""
