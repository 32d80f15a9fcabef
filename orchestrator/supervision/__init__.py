"""The parent of a sweep's training processes, a program of its own: see `server`.

Uses as little of the standard library as possible, so that it is ready within some 15 ms. May
import nothing else.
"""
