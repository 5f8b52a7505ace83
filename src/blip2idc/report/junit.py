"""JUnit XML of a comparison, for build servers.

In: a `Comparison`. Out: one test suite with one test case a file; changed, added and removed files are failures,
unreadable ones errors. The document holds everything that both the Ant schema and the schema of the Jenkins xUnit
plugin ask for, and nothing that either refuses.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

from blip2idc.comparison.outcome import Comparison, Entry
from blip2idc.comparison.words import describe_entry, entry_message
from blip2idc.errors import utf8

SUITE = "blip2idc compare"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_ISO_SECONDS = "%Y-%m-%dT%H:%M:%S"


def junit_xml(comparison: Comparison, started: datetime | None = None, seconds: float = 0.0) -> str:
    """Write the comparison as JUnit XML.

    Args:
        comparison: What to tell.
        started: When it began; now by default.
        seconds: How long it took.

    Returns:
        The document, with its XML declaration.
    """
    counts = comparison.counts
    failures = counts["changed"] + counts["added"] + counts["removed"] - comparison.approved
    root = ET.Element("testsuites")
    suite = ET.SubElement(
        root,
        "testsuite",
        name=SUITE,
        package="blip2idc",
        id="0",
        hostname="localhost",  # what the Ant schema wants where the host does not matter
        timestamp=(started or datetime.now(UTC)).strftime(_ISO_SECONDS),
        tests=str(len(comparison.entries)),
        failures=str(failures),
        errors=str(counts["error"]),
        skipped="0",
        time=f"{seconds:.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(comparison).items():
        ET.SubElement(properties, "property", name=name, value=_legal(value))
    for entry in comparison.entries:
        _add_case(suite, entry)
    ET.SubElement(suite, "system-out").text = _legal(comparison.summary())
    ET.SubElement(suite, "system-err").text = ""
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def failure_message(entry: Entry) -> str:
    """What a build server shows first: what changed, why it counts, change probability, pixels and dimensions."""
    return entry_message(entry)


def _add_case(suite: ET.Element, entry: Entry) -> None:
    case = ET.SubElement(suite, "testcase", classname=SUITE, name=_legal(entry.name), time="0")
    if entry.status == "same" or entry.approved:
        return
    tag = "error" if entry.status == "error" else "failure"
    fault = ET.SubElement(case, tag, type=entry.status, message=_legal(failure_message(entry)))
    fault.text = _legal(describe_entry(entry))


def _properties(comparison: Comparison) -> dict[str, str]:
    run = comparison.run
    facts = {"before": comparison.before, "after": comparison.after}
    facts |= {key: run[key] for key in ("blip2idc", "model", "adapter") if run.get(key) is not None}
    return {key: str(value) for key, value in facts.items()}


def _legal(text: str) -> str:
    """The text without characters that XML 1.0 cannot hold."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", utf8(text))
