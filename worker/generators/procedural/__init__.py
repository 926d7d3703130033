"""A generator that needs no GPU: it draws compositional prompts and knows how good it was."""
