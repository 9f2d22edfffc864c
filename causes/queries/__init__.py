"""Cheap queries: compiled once, with the rows of a subquery read as one value."""
