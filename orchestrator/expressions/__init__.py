"""Expressions that users write, evaluated safely: constraints, and conditions on runs.

May import nothing of the package.
"""
