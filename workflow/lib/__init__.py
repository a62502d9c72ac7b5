"""What the rules need in Python; import its modules by name, never `workflow` itself."""
