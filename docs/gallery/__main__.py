"""`python -m docs.gallery [--check]`."""

import sys

from docs.gallery.page import main

sys.exit(main(sys.argv[1:]))
