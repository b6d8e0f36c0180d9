"""From the record of a fit to a verdict."""
