"""From the files of mapping packs to Pack: YAML, schema, compiled packs, overlays."""
