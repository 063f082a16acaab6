"""Build the images and try them: ``python -m scripts.container``."""

import sys

from scripts.container.checks import main

if __name__ == "__main__":
    sys.exit(main())
