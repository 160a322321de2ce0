"""The Sigma target: detections, conditions, correlations, documents and schemas."""
