"""Charts: specifications, and drawing them in the browser and as files."""
