"""BLEU, ROUGE-L, CIDEr and METEOR over integer n-grams of a whole corpus."""
