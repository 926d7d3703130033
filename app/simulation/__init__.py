"""Simulated raters: programs that rate a study through its pages and are marked as simulated."""
