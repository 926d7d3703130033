"""Analysis runs: asked for, carried out in the background, stored, found again, compared."""
