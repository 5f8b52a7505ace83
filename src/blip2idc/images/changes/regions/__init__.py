"""Where two aligned images differ beyond noise, and which of those pixels belong to one thing."""
