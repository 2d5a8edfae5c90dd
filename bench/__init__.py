"""The product beside what a tutorial would build, measured in one run. See bench/README.md."""
