"""What was written in a changed place, read by the extra `[ocr]`; without it nothing is missing but the texts."""
