"""From a raw scan to what is fitted."""
