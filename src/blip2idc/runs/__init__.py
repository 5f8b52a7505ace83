"""What every long job shares: its record, files that appear whole or not at all, its folder and lock, its journal."""
