"""The words of simulated customers and of the simulated company."""
