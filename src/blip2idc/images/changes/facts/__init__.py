"""What is sure of a change, measured on its pixels."""
