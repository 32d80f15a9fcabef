"""Messages to a user who is elsewhere: the end of a sweep, a failure, a new best value.

What they say is pure. `delivery` sends them through Apprise. It may import `store`, `verdict` and
`errors`.
"""
