"""Factors: what generators, settings and prompts have to do with the scores.

Pictures of one prompt are alike, so prompts are the units of every interval here.
"""
