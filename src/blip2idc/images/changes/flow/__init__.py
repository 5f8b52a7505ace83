"""Pages whose parts gave way: pieces of ink, found again elsewhere, and what came or went between them."""
