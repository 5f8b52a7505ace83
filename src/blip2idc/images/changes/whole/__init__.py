"""What happened to a whole picture, as far as it can be measured: its tones, its detail, its drawing, its geometry."""
