"""An example: see README.md here."""
