"""What is measured, one section a file; each has `measure(name, options)`."""
