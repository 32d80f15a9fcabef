"""What is known of event files besides metrics: who writes them, and what else is in them."""
