"""Causes of denervation: entries, their revisions, and what the public sees of them."""
