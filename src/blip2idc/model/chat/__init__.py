"""Chat models that see: transformers' `AutoModelForImageTextToText`, one file a family, and the backbone they share."""
