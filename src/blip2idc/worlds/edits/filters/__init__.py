"""Edits of a whole picture as an image editor's menus have them, from just visible to extreme."""
