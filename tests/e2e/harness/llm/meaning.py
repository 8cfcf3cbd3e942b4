"""What a request to a model means, whatever the API: so that what arrives can be held against what was asked."""

from dataclasses import dataclass, field


@dataclass
class Meaning:
    model: str = ""
    stream: bool = False
    system: str = ""
    turns: list = field(default_factory=list)  # (role, parts); neighbours of one role are one turn
    tools: dict = field(default_factory=dict)  # schema by name
    choice: object = None  # "auto", "none", "any" or the name of a tool
    limit: int | None = None
    temperature: float | None = None
    stop: list = field(default_factory=list)
    schema: dict | None = None  # of structured output

    def add(self, role, *parts):
        """A part: ("text", t), ("image", media type, base64), ("call", name, arguments, id), ("result", text, id)."""
        if self.turns and self.turns[-1][0] == role:
            self.turns[-1][1].extend(parts)
        else:
            self.turns.append((role, list(parts)))

    def add_system(self, text):
        self.system = f"{self.system}\n{text}".strip()

    def plain(self):
        """Without the ids of calls, which are replaced by the number of the call: results refer to calls."""
        numbers, turns = {}, []
        for role, parts in self.turns:
            found = []
            for part in parts:
                if part[0] == "call":
                    numbers[part[3]] = len(numbers)
                    part = (*part[:3], numbers[part[3]])
                elif part[0] == "result":
                    part = (*part[:2], numbers.get(part[2], "of no call"))
                found.append(part)
            turns.append((role, found))
        return turns


def of_data_url(url):
    """("image", media type, base64) of a data URL, or ("image_url", url)."""
    if not url.startswith("data:"):
        return "image_url", url
    kind, _, data = url[5:].partition(";base64,")
    return "image", kind, data


def texts(content, kind="text"):
    """The text of content that is a string or an array of parts."""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content or [] if part.get("type", kind) == kind)
