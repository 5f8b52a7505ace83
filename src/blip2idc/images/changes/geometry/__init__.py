"""How two images lie on each other: in place, by rows, by features; and the two laid on each other."""
