"""Dead letters in the hands of a person: look at them, replay them after a fix, or drop them."""
