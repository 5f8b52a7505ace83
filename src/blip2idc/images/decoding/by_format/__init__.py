"""What a file of each format promises before it is decoded, and what Pillow must not decode by itself."""
