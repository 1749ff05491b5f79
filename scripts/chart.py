# SPDX-License-Identifier: MIT
"""Draws a chart of horizontal bars as SVG, alike on light and dark pages."""
import math
from xml.sax.saxutils import escape

WIDTH, LABELS, RIGHT, ROW, TOP = 860, 185, 70, 18, 62
FONT = "font-family='DejaVu Sans,Helvetica,sans-serif' font-size='12'"
GOOD, BAD, TICK, GREY = "#2f7fc1", "#d1495b", "#e0a100", "#808080"


class Scale:
    """From figures to pixels, linear from 0 or by powers of ten from 1."""

    def __init__(self, top, powers):
        self.top, self.powers = top, powers

    def __call__(self, figure):
        if self.powers:
            part = math.log10(max(figure, 1)) / math.log10(self.top)
        else:
            part = figure / self.top
        return LABELS + min(part, 1) * (WIDTH - LABELS - RIGHT)


def text(x, y, words, anchor="start", color=GREY):
    return (f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' "
            f"fill='{color}' {FONT}>{escape(words)}</text>")


def line(x, y1, y2, color, dash=""):
    return (f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{y1:.1f}' y2='{y2:.1f}' "
            f"stroke='{color}' stroke-dasharray='{dash}'/>")


def bar(scale, y, label, figure, shown, mark, bad):
    """One row: its name, its bar with the figure, the mark to be reached."""
    end = scale(figure)
    parts = [text(LABELS - 8, y + 12, label, "end"),
             f"<rect x='{LABELS}' y='{y + 2}' height='{ROW - 5}' "
             f"width='{end - LABELS:.1f}' fill='{BAD if bad else GOOD}'/>",
             text(end + 5, y + 12, shown)]
    if mark is not None:
        x = scale(mark)
        parts.append(f"<rect x='{x - 1:.1f}' y='{y}' width='2' "
                     f"height='{ROW - 1}' fill='{TICK}'/>")
    return parts


def bars(title, note, rows, guides, top, powers=False):
    """SVG of `rows`: (label, figure, words at its end, mark or None, bad).

    `guides` are (figure, words) of lines through all rows; `top` is where the
    scale ends, which is one of powers of ten if `powers`.
    """
    scale, height = Scale(top, powers), TOP + ROW * len(rows) + 8
    parts = [f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' "
             f"height='{height}' viewBox='0 0 {WIDTH} {height}'>",
             text(8, 18, title), text(8, 36, note)]
    for figure, words in guides:
        parts += [line(scale(figure), TOP - 4, height, GREY, "3 3"),
                  text(scale(figure), TOP - 8, words, "middle")]
    for number, row in enumerate(rows):
        parts += bar(scale, TOP + number * ROW, *row)
    return "\n".join(parts + ["</svg>\n"])
