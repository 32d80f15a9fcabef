"""The parent of a sweep's training processes, a program of its own: see `server`.

Standard library only, and as little of it as will do: it is to be ready within some 15 ms.
"""
