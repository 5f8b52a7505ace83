"""Data: the manifest, the readers of benchmarks, and what turns records into batches."""
