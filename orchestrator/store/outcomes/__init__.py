"""What a sweep is to find, and how good what it found is: objectives, constraints, the front."""
