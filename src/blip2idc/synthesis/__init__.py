"""Synthetic augmentation: single images become pairs with captions, filtered, and reworded by a language model.

In: photographs or a data set. Out: a data set. Instructions say what to change (`instructions`), an editor changes it
(`editor`), filters keep what came out right (`filters`), the pipeline keeps all of it on disk so that no work is lost
(`pipeline`), and a language model words captions anew (`paraphrase`).

Papers: Evennou et al., WACV 2025, arXiv 2412.15939; Brooks et al., CVPR 2023, arXiv 2211.09800 (InstructPix2Pix).
"""
