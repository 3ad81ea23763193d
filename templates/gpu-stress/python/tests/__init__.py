"""The tests, a package so that its modules import one another by relative names."""
