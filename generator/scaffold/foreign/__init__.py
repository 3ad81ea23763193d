"""Checks any Copier template; the only package that imports copier, and that in another process."""

from scaffold.foreign.source import Request, check_source

__all__ = ["Request", "check_source"]
