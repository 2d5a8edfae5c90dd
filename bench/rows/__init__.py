"""The measurements, one module a subject. Each has `measure(names, plan)`, which yields results."""
