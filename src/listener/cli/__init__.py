"""The command line: one command a file; data on standard output, words on standard error."""
