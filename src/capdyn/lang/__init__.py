"""The equations as data: names, expressions, functions, model. Imports nothing but the standard library."""
