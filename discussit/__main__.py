import sys

from discussit.cli import main

sys.exit(main())
