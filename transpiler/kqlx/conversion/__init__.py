"""The stages of a conversion around binding and emitting: what the user chose, the plan, what is
written of it, and what is let pass.
"""
