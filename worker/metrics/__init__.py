"""Objective metrics: computing what they predict for the pictures of a study."""
