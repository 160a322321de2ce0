"""kqlx ports detection rules written in Kibana KQL (kuery) to other SIEMs and says where the
meaning changes.
"""

__version__ = "0.1.0"
