"""How right Listener is: what it found beside what is known to be true."""
