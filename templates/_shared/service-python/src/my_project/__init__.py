"""A service over HTTP: `api` says what it is about, `service` carries it."""
