"""Studies: many runs of a model, kept on disk as they come, and what is made of them."""
