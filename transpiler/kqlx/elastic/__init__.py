"""What a test means by the type of its field, and how the values of a field are found
in an event.
"""
