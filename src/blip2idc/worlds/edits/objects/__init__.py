"""Things in photographs: named objects and the photograph's own parts, added, removed, replaced, moved, recoloured."""
