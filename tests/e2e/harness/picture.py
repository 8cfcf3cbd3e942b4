"""What a terminal shows, as an SVG that needs nothing else: light or dark as the reader's, and the same in every font."""

import itertools
import re
from xml.sax.saxutils import escape

WIDTH, HEIGHT, PADDING = 8.4, 19, 16  # of a cell, and around all; in pixels
FONT = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace'
# Names as pyte has them: for a light background, and for a dark one.
COLOURS = {"red": ("#b3261e", "#ff8a80"), "green": ("#1a7f37", "#6fdd8b"), "brown": ("#8a5a00", "#f2cc60"), "blue": ("#0550ae", "#79c0ff"),
           "magenta": ("#8250df", "#d2a8ff"), "cyan": ("#0e6f7c", "#76e3ea")}
PLAIN = ("#1f2328", "#e6edf3")
PAPER = ("#f6f8fa", "#0d1117")
EDGE = ("#d0d7de", "#30363d")


def _rules(which):
    colours = "".join(f".{name}{{fill:{pair[which]}}}" for name, pair in COLOURS.items())
    return f"rect{{fill:{PAPER[which]};stroke:{EDGE[which]}}}text{{fill:{PLAIN[which]}}}{colours}"


STYLE = (f"text{{font:14px {FONT};white-space:pre}}.bold{{font-weight:700}}{_rules(0)}"
         f"@media(prefers-color-scheme:dark){{{_rules(1)}}}")


def _classes(cell):
    return " ".join([*(["bold"] if cell.bold else []), *([cell.fg] if cell.fg in COLOURS else [])])


def _line(cells):
    """Pieces of one look each; blanks at the end are left out."""
    text = "".join(cell.data for cell in cells)
    cells = cells[:len(text.rstrip())]
    for classes, piece in itertools.groupby(cells, _classes):
        piece = escape("".join(cell.data for cell in piece))
        yield f'<tspan class="{classes}">{piece}</tspan>' if classes else piece


def svg(screen, title, description):
    """Of pyte's screen, down to its last line with text."""
    rows = [[screen.buffer[row][column] for column in range(screen.columns)] for row in range(screen.lines)]
    texts = ["".join(_line(row)) for row in rows]
    while texts and not texts[-1]:
        texts.pop()
    lines = []
    for number, (row, text) in enumerate(zip(rows, texts)):
        used = len("".join(cell.data for cell in row).rstrip())
        if used:
            lines.append(f'<text x="{PADDING}" y="{PADDING + HEIGHT * number + 14}" textLength="{used * WIDTH:.1f}" '
                         f'lengthAdjust="spacingAndGlyphs" xml:space="preserve">{text}</text>')
    width, height = 2 * PADDING + screen.columns * WIDTH, 2 * PADDING + HEIGHT * len(texts)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}" role="img" '
        'aria-labelledby="title description">',
        f'<title id="title">{escape(title)}</title>', f'<desc id="description">{escape(description)}</desc>', f"<style>{STYLE}</style>",
        f'<rect x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1}" rx="8"/>', *lines, "</svg>", ""])


def text_of(picture):
    """The lines that a picture shows."""
    lines = re.findall(r"<text [^>]*>(.*)</text>", picture)
    plain = [re.sub(r"</?tspan[^>]*>", "", line) for line in lines]
    return [line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for line in plain]
