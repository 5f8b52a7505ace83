"""Programs that attack this one: mutated images, malformed files, kills. docs/security.md has their results."""
