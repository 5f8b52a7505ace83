"""Pictures for people: contact sheets, overlays, boxes."""
