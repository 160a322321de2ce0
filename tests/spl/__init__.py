"""The Splunk target: searches, rule types, correlation searches, detections of contentctl."""
