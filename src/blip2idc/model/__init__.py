"""Backbone, adapter and captioner: everything that runs a network."""
