"""The topics in ClickHouse: each record a row, each row in a table where its newest version holds."""
