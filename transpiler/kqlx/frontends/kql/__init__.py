"""Kibana KQL (kuery): ``parser`` makes a tree of a text, ``formatter`` a text of a tree."""
