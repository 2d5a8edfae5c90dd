"""What each layer costs: one product over HTTP, from a view by hand to the product itself.

`python -m bench.ladder`. Each rung does what the one above it does, and one thing more.
"""
