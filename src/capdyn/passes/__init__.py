"""From a model as written to a System: ordered equations over numbered places. Standard library and networkx."""
