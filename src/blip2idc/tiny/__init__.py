"""The packaged tiny model's own training: network, shards of worlds, batches, heads for exact truth, stages."""
