"""What is done to the catalogue, whichever door it comes through: page, API, admin site."""
