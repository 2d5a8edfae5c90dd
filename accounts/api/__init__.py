"""The REST API: what all its endpoints share, and those about people. Source: docs/decisions/0009-rest-api.md"""
