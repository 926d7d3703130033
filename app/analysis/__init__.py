"""Pure numerics of subjective assessment: arrays in, frozen dataclasses out.

NumPy, SciPy and the standard library only; no database, no clock, no hidden randomness.
Each file holds one idea; import from the file that holds it. `run.analyse` is the way
through all of them, and results are identical bit for bit whatever the order of the rows.
"""
