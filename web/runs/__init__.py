"""A run or an experiment as the pages see it: identity, colour, links, formatted values."""
