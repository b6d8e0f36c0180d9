"""The study as one page: opens from disk, needs no network, and shows the same bytes every time."""
