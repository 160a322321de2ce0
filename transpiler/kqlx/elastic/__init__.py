"""What Elastic's fields mean: ECS, types, numbers, addresses, dates, words of texts, patterns."""
