"""What is asked of each side, in a process of its own: two Django projects do not fit into one."""
