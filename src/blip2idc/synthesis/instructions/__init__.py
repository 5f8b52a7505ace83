"""Edit instructions: what to change in an image, and how the change is described."""
