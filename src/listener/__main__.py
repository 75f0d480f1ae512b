"""``python -m listener``: the same as the program `listener`."""

from listener.cli.main import main

if __name__ == "__main__":
    main()
