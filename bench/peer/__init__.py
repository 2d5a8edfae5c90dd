"""The textbook peer: what the packages' own install pages lead to. See bench/README.md."""
