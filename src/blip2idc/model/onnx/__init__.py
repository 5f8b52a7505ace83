"""The captioner in onnxruntime, without torch and transformers: graphs, weights, search, and the export to files."""
