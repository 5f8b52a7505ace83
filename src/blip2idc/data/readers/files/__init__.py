"""What the readers read with: JSON and text, strictly, and rows of tables."""
