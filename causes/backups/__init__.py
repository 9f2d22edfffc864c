"""Backups: the whole database in one file that was restored once before it is called good."""
