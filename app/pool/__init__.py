"""Prompts, conditions, generation plans and their progress, imports, images."""
