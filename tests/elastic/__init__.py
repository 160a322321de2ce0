"""What Elastic's fields mean: types, dates, numbers, words, and what Elasticsearch refuses."""
