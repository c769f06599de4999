"""Facts that a model must show: what sources report, held against runs (`judge`), and mechanisms switched off one by
one to see which facts fall (`ablate`)."""
