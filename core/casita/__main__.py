"""``python -m casita`` is the command ``casita``."""

from casita.cli import main

if __name__ == "__main__":
    main()
