"""Pictures and pages for people: contact sheets, overlays, reports. No torch."""
