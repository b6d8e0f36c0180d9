"""What a scan's files hold: one reader for each format, each path → raw scan."""
