"""What runs say of raters, and what the experimenter decided about it."""
