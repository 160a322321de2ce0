"""What judges the targets: the law of agreement, readers and evaluators, stored events."""
