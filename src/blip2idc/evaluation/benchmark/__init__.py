"""What a benchmark can tell before any model is looked at: baselines, audit, leakage, published figures."""
