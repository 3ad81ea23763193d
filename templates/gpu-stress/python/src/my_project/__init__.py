"""Loads a GPU or CPU to its limit, verifies every result, and says whether it held."""
