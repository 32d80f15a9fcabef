"""What is known of TensorBoard's event files besides metrics: who writes them, what is not shown."""
