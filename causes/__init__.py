"""Causes of denervation: entries, their revisions and their publications."""
