"""Parts put into a network that others built: two streams, cheaper layers, casting, shards, carried-on memory."""
