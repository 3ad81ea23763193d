"""Finds duplicate files and removes them, without ever losing the last copy of anything.

>>> import os, tempfile
>>> folder = tempfile.TemporaryDirectory()
>>> for name in ("a", "b"):
...     with open(os.path.join(folder.name, name), "wb") as file:
...         _ = file.write(b"the same")
>>> found = scan(Places([os.fsencode(folder.name)]), Selection(), Reading(jobs=1))
>>> [len(group.rows) for group in found.groups]
[2]
>>> folder.cleanup()
"""

from .errors import DedupError, Reason
from .grouping import Group, Groups, Verify
from .plan import Action, Choice, Keep, Plan, make_plan
from .plan_reading import read_plan
from .scan import Places, Reading, Scan, scan
from .selection import Selection

__all__ = [
    "Action",
    "Choice",
    "DedupError",
    "Group",
    "Groups",
    "Keep",
    "Places",
    "Plan",
    "Reading",
    "Reason",
    "Scan",
    "Selection",
    "Verify",
    "make_plan",
    "read_plan",
    "scan",
]
