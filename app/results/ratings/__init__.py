"""The ratings that count: packed by the database, unpacked into the matrix of the analysis."""
