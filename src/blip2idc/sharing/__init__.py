"""Adapters, backbones and data sets of one's own on the Hugging Face hub, with a card that tells what they are."""
