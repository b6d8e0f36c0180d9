"""What can be known of an iterate, without a reference and with one."""
