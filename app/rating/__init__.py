"""Rating: raters join, work through playlists in sittings, and give scores that stay."""
