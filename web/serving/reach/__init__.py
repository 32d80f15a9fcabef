"""How the dashboard is reached: names, a proxy's path, other pages' frames.

It may import from `orchestrator` only the errors.
"""
