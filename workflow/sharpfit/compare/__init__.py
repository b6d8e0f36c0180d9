"""Compare result directories, DVC revisions, or regimes across them: what differs, and is it better."""
