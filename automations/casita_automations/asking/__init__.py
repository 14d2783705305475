"""What automations can be asked: what comes next, why one did not run, what a shadow would do."""
