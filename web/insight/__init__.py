"""Views that explain a sweep: history, parallel coordinates, scatter, importance, workers."""
