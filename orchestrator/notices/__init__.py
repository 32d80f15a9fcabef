"""Messages to a user who is elsewhere: the end of a sweep, a failure, a new best value.

Their content is pure. `delivery` sends them through Apprise. It may import `store`, `verdict` and
`errors`.
"""
