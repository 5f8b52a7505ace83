"""What a model is on disk: checkpoints, weights, settings; read strictly, and sized up before anything is built."""
