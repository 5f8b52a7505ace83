"""Images without torch: opening and checking pairs, the geometry of the joint image, heatmaps."""
