"""Queries that cost little: compiled once, and rows of a subquery read as one value."""
