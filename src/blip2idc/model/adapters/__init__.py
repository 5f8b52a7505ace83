"""LoRA adapters: attached, saved, checked, described."""
