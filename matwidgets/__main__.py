"""``python -m matwidgets``."""

from matwidgets.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
