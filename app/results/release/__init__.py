"""The release: a folder that somebody else can use without us."""
