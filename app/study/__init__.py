"""The study: its protocol, its stimuli and its life from draft to closed."""
