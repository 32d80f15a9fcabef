"""What a training script passes as an image, a histogram, a table or audio → bytes and numbers."""
