"""What a training script passes as an image, a histogram, a table or audio → bytes and numbers.

May import `kinds` of `media`, and the library that an array comes from.
"""
