"""What runs ask people: listed, and decided."""
