"""The results: ratings loaded, analysed, stored as a run; runs shown, drawn and released."""
