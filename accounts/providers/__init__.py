"""Whose tokens are accepted, and how each provider's are read. One verifier serves them all."""
