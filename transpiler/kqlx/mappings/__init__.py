"""Field names and values of Elastic's → those of the targets. The packs are data; the binder
applies them.
"""
