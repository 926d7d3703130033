"""Objective metrics against the scores of a run."""
