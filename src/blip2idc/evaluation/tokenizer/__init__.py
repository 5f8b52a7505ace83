"""The Penn Treebank tokenizer of the caption community, in Python: `tokenize_corpus` gives its tokens."""

from blip2idc.evaluation.tokenizer.tokenize import tokenize_corpus

__all__ = ["tokenize_corpus"]
