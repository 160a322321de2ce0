"""What the templates of ``templates/<target>/`` say of a rule: a module a target, whose ``FILTERS``
are those of its templates.
"""
