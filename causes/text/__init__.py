"""Pure functions over text, without database or request."""
