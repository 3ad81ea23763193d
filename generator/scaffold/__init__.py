"""Scaffold: stamps out ready-made projects and proves that they work."""
