"""Content in and out in quantity."""
