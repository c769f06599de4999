"""Policy at equal outlay: levers, pairs and packages that cost the same, and what their combination adds."""
