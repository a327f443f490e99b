"""simhlm: a discrete-event simulator of social-housing (HLM) allocation."""

__version__ = "0.1.0"
