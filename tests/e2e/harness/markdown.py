"""What a Markdown page has below its headings."""

import re
import textwrap
from dataclasses import dataclass, field


@dataclass
class Section:
    title: str
    blocks: list = field(default_factory=list)  # of (language, text)

    def of(self, *languages):
        return [text for language, text in self.blocks if language in languages]


def sections(text):
    """In their order; a heading within a block is none."""
    found = [Section("")]
    pattern = r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$|^#+ (?P<title>[^\n]+)$"
    for match in re.finditer(pattern, text, re.MULTILINE | re.DOTALL):
        if match["title"]:
            found.append(Section(match["title"]))
        else:
            found[-1].blocks.append((match["language"], textwrap.dedent(match["text"])))
    return {section.title: section for section in found}


def links(text):
    """Where it leads within the repository."""
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"\w+:", target)]


def anchors(text):
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in sections(text)}
