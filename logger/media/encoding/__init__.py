"""Convert images, histograms, tables and audio of training scripts to bytes and numbers.

May import `kinds` and `edges` of `media`, and the library that an array comes from.
"""
