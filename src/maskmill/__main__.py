"""``python -m maskmill``."""

from maskmill.cli import main

if __name__ == "__main__":
    main()
