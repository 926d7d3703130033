"""What generators, settings and prompts have to do with the scores of a run."""
