"""The world `scenes`: rendered 3D scenes with one change, or none, in the manner of CLEVR-Change."""
