"""Scores of captions against references: BLEU, METEOR, ROUGE-L, CIDEr, as functions of statistics of items."""
