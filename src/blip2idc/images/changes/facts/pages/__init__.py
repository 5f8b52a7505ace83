"""What only happens to pages and other drawings: outlines, corners, shadows, letters, order, switches, themes."""
