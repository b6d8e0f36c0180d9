"""Commands of `sharpfit`, one module each."""
