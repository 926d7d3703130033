"""Raw ratings from files that did not come from Beholder: read, analysed and reported."""
