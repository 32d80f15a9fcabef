"""What is known of event files besides metrics: who writes them, and what is not shown."""
