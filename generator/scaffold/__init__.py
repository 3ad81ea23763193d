"""Scaffold: stamps out ready-made projects and proves that they work."""

__version__ = "0.1.0"
