# SPDX-License-Identifier: MIT
"""The rows as pictures, by gnuplot: how far each ratio is from its goal, and how costs grow."""

import re
import shutil
import subprocess

STYLE = "set terminal svg size 1000,{height} font 'sans,13' background 'white'\nset output '{file}'\nset grid\n"
CURVE = re.compile(r"^(.*), (\d+)$")


def gnuplot(script):
    subprocess.run(["gnuplot", "-"], input=script, text=True, check=True)


def quoted(text):
    return '"' + text.replace('"', "'") + '"'


def draw_ratios(rows, file):
    """A bar a row: 1 is the goal, and shorter is better."""
    rows = [row for row in rows if row.goal and row.ratio and not row.name.count("growth")]
    if not rows:
        return
    bars = []
    for place, row in enumerate(reversed(rows)):
        share = row.ratio / row.goal.limit if row.goal.relation == "≤" else row.goal.limit / row.ratio
        bars.append(f"{share:.4f} {place} {quoted(f'{row.name} / {row.beside}')}")
    data = "\n".join(bars)
    gnuplot(STYLE.format(height=120 + 34 * len(rows), file=file) + f"""
$rows << EOD
{data}
EOD
set title 'Share of the goal that is used: up to 1 it is met' offset screen -0.2, 0
set lmargin at screen 0.52
set xrange [0:]
set xtics 0.5
set yrange [-0.6:{len(rows) - 0.4}]
set style fill solid
set arrow from 1, graph 0 to 1, graph 1 nohead lw 2 lc rgb '#b00020' front
plot $rows using 1:2:(0):1:($2-0.3):($2+0.3):ytic(3) with boxxyerror lc rgb '#3a6ea5' notitle
""")


def draw_curves(rows, file, about):
    """Both axes logarithmic: what grows in proportion is a straight line with the slope of the dotted one."""
    curves = {}
    for row in rows:
        found = CURVE.match(row.name)
        if found and row.unit == "ms":
            curves.setdefault(found[1], []).append((int(found[2]), row.ours))
    curves = {name: points for name, points in curves.items() if len(points) > 1}
    if not curves:
        return
    blocks, parts = [], []
    for number, (name, points) in enumerate(curves.items()):
        lines = "\n".join(f"{count} {cost:.4f}" for count, cost in points)
        blocks.append(f"$curve{number} << EOD\n{lines}\nEOD")
        parts.append(f"$curve{number} using 1:2 with linespoints lw 2 title {quoted(name)}")
    data = "\n".join(blocks)
    gnuplot(STYLE.format(height=600, file=file) + data + f"""
set logscale xy
set xlabel '{about}'
set ylabel 'milliseconds'
set key outside below maxcols 3
plot """ + ", ".join([*parts, "0.1 * x with lines dashtype 2 lc rgb '#808080' title 'in proportion'"]) + "\n")


def why_not():
    return None if shutil.which("gnuplot") else "there is no gnuplot (package gnuplot-nox)"


def draw(rows, directory):
    directory.mkdir(parents=True, exist_ok=True)
    draw_ratios(rows, directory / "bench-goals.svg")
    polled = [row for row in rows if row.name.startswith("polled logins, ")]
    draw_curves([row for row in rows if row not in polled], directory / "bench-scale.svg", "accounts, or pending logins")
    draw_curves(polled, directory / "bench-polled.svg", "polled logins")
