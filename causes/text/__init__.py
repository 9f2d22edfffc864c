"""Pure functions over text. Nothing here knows of a database or a request."""
