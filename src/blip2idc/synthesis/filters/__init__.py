"""Which edited images are good pairs, by numbers that every candidate keeps."""
