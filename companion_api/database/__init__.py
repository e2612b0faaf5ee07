"""The database: its connection and its migrations. Tables and their SQL stand with what they are about.

Every domain declares its tables in a module of its own on `METADATA`; `tables` imports them all, for migrations.
"""
