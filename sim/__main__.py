"""``python -m sim`` is ``simhlm``."""

from sim.cli import main

if __name__ == "__main__":
    main()
