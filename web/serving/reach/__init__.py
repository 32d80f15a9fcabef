"""From where the dashboard is reached: names, a proxy's path, other pages' frames.

It may import `orchestrator`: the errors alone.
"""
