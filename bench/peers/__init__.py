"""Other ways to do the work of the stream, one process each. None of them is part of the product."""
