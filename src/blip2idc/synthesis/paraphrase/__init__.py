"""More references by a language model, guarded against changes of meaning."""
