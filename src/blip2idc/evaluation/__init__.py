"""Scores of difference captions: strings in, numbers out, no torch.

`suite.score` computes all metrics with intervals and signatures; `tokenize`, `bleu`, `rouge`, `cider` and
`meteor` are its parts; `significance` compares systems, `protocols` names the ways to score a benchmark,
`baselines` and `audit` say what a score is worth.
"""
