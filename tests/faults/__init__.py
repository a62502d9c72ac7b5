"""What a user, a disk or a machine can do wrong, and what comes of it: `make test-faults`."""
