"""How many small faults in the numerical modules their own tests find: `make test-mutation`."""
