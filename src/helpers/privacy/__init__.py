"""What keeps records private: quiet frames and errors, gates for tables, checks of a built book."""

from helpers.privacy.aggregates import check_facts, check_table
from helpers.privacy.disclosure import in_groups, risky_columns
from helpers.privacy.errors import DataError
from helpers.privacy.note_stream import stream_notes
from helpers.privacy.publish import check, summary
from helpers.privacy.small_counts import SMALLEST, suppress, suppress_nested

__all__ = [
    "DataError",
    "SMALLEST",
    "check",
    "check_facts",
    "check_table",
    "in_groups",
    "risky_columns",
    "stream_notes",
    "summary",
    "suppress",
    "suppress_nested",
]
