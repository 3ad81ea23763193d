"""The tests, a package whose modules import one another by relative names."""
