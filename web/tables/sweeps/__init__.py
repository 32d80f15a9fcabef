"""The table of a sweep: its runs or its combinations as rows.

May import the columns, selections and cells of `tables`, and what `tables` may import."""
