"""Result directories, DVC revisions or regimes side by side: what differs, and is it better."""
