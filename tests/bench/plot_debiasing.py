#!/usr/bin/env python3
"""Draws docs/debiasing.svg from docs/debiasing.json, which the test `debias_consistency_test` writes:

PAGEWRIGHT_WRITE_DOCS=1 build/tests/rewards_tests '[#debias_consistency_test]' '[.long]' -#
python3 tests/bench/plot_debiasing.py
"""
import json
import math
import os

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")
WIDTH, HEIGHT, LEFT, TOP, GAP = 400, 300, 60, 40, 70
COLOURS = ["#15803d", "#1d4ed8", "#0891b2", "#93c5fd", "#111827", "#6b7280", "#7c3aed", "#b45309", "#f59e0b", "#dc2626",
           "#be185d"]


def x_of(panel, pages, sizes):
    low, high = math.log(sizes[0]), math.log(sizes[-1])
    return LEFT + panel * (WIDTH + GAP) + (math.log(pages) - low) / (high - low) * WIDTH


def y_of(error, low, high):
    return TOP + (math.log(high) - math.log(error)) / (math.log(high) - math.log(low)) * HEIGHT


def text(x, y, words, anchor="middle", size=12, colour="#111827"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">'
            f"{words}</text>")


def panel_lines(panel, title, errors, sizes, names, low, high):
    left, right = x_of(panel, sizes[0], sizes), x_of(panel, sizes[-1], sizes)
    yield text((left + right) / 2, TOP - 14, title, size=14)
    for tick in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0):
        if low <= tick <= high:
            y = y_of(tick, low, high)
            yield f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e5e7eb"/>'
            yield text(left - 6, y + 4, f"{tick:g}", "end")
    for pages in sizes:
        yield text(x_of(panel, pages, sizes), TOP + HEIGHT + 18, f"{pages:,}")
    yield text((left + right) / 2, TOP + HEIGHT + 38, "pages of the log")
    for name, points in errors.items():
        colour = COLOURS[names.index(name) % len(COLOURS)]
        at = [(x_of(panel, pages, sizes), y_of(max(point["rmse"], low), low, high))
              for pages, point in zip(sizes, points)]
        dash = ' stroke-dasharray="5 4"' if name == "naive" else ""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
        for (x, y), pages, point in zip(at, sizes, points):
            yield (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}">'
                   f"<title>{name}, {pages} pages: {point['rmse']:.4f}</title></circle>")


def main():
    with open(os.path.join(DOCS, "debiasing.json"), encoding="utf-8") as file:
        measured = json.load(file)
    # pairwise leaves gains as observed: its line is that of naive.
    sizes = measured["pages"]
    panels = {title: {name: points for name, points in errors.items() if name != "pairwise"}
              for title, errors in sorted(measured["errors"].items(), key=lambda panel: len(panel[0]))}
    names = sorted({name for panel in panels.values() for name in panel})
    values = [point["rmse"] for panel in panels.values() for points in panel.values() for point in points]
    low, high = 0.9 * min(values), 1.1 * max(values)
    rows = math.ceil(len(names) / 3)
    width, height = LEFT + 2 * WIDTH + GAP + 30, TOP + HEIGHT + 60 + 20 * rows
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
             'font-family="sans-serif" role="img">',
             "<title>Error of item gains against the true gains, by size of the log</title>",
             f'<rect width="{width}" height="{height}" fill="white"/>']
    for panel, (title, errors) in enumerate(panels.items()):
        lines += panel_lines(panel, title, errors, sizes, names, low, high)
    for i, name in enumerate(names):
        x, y = LEFT + (i % 3) * 290, TOP + HEIGHT + 60 + 20 * (i // 3)
        lines.append(f'<rect x="{x}" y="{y - 9}" width="14" height="4" fill="{COLOURS[i % len(COLOURS)]}"/>')
        lines.append(text(x + 20, y - 3, name, "start"))
    lines.append("</svg>")
    with open(os.path.join(DOCS, "debiasing.svg"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
