"""The admin site of one tenant, for those whose role opens it. Everything asks the one door.

`site` is the frame, `base` what every list and form of it stands on; the rest are the models of this app.
Source: docs/decisions/0011-admin-site.md
"""
