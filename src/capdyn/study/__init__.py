"""Studies: which inputs vary and how, runs that survive crashes, and what can be said from them."""
