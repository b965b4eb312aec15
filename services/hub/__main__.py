"""`python -m services.hub`: the command line without the installed script."""

from services.hub import cli

cli.main()
