"""The commands, one file a group; each adds itself by `register(app)`."""
