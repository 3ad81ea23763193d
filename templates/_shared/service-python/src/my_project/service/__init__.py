"""What every service does, whatever it is about; `contract/service.md` says it in words.

Nothing is loaded here, so that a health check does not have to load a web framework.
"""
