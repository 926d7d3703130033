"""What a study still needs, and what one would need."""
