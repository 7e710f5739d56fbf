# mean over seeds and the range of all seeds
# size: (cols > 1 ? 17.5 : 8.4) x 0.35 + key_rows * 0.36 + rows * (cols > 1 ? 5.0 : 4.6) + 1.7
# make: lowrank sweep STUDY
# runs: fig_runs
# data: cell pivot_curves by panel, series: x, lo, hi, n, mean

# Positions are in cm, as in lines.gp.
left = 1.7; right = 0.25; gap = 0.4; bottom = 1.95; head = cell_panel_n > 1 ? 0.55 : 0.15
wide = (width - left - right - (cols - 1) * gap) / cols
pitch = (height - bottom - 0.2 - key_rows * 0.36) / rows
array series[cell_series_n]
array panel[cell_panel_n]
series_n = 0
panel_n = 0
series_of(s) = sum [k = 1:series_n] (series[k] eq s ? k : 0)
panel_of(s) = sum [k = 1:panel_n] (panel[k] eq s ? k : 0)
do for [b = 1:cell_blocks] {
    if (series_of(cell_series[b]) == 0) { series_n = series_n + 1; series[series_n] = cell_series[b] }
    if (panel_of(cell_panel[b]) == 0) { panel_n = panel_n + 1; panel[panel_n] = cell_panel[b] }
}
# The blocks of each panel, as words: every block that is plotted is read from the file.
array cells[panel_n]
do for [p = 1:panel_n] { cells[p] = '' }
do for [b = 1:cell_blocks] { cells[panel_of(cell_panel[b])] = cells[panel_of(cell_panel[b])].sprintf('%d ', b) }
set style fill transparent solid 0.15 noborder
ymin = least(cell_lo_min, cell_mean_min)
ymax = most(cell_hi_max, cell_mean_max)
if (ymax == ymin) { ymax = ymin + 1 }
set yrange [ymin - 0.03 * (ymax - ymin) : ymax + 0.03 * (ymax - ymin)]
set ytics step(ymax - ymin)
set xrange [0 : cell_x_max * 1.02]
set xtics step(cell_x_max * (cols > 1 ? 1.6 : 1))
xl = fig_xlabel."\n".'{/*0.86 '.fig_note.sprintf(' (%s)}', counted(cell_n_min, cell_n_max))."\n".'{/*0.86 '.fig_common.'}'
set title offset 0, -0.7
set multiplot
do for [p = 1:panel_n] {
    row = (p - 1) / cols
    col = (p - 1) % cols
    set lmargin at screen (left + col * (wide + gap)) / width
    set rmargin at screen (left + col * (wide + gap) + wide) / width
    set bmargin at screen (bottom + (rows - 1 - row) * pitch) / height
    set tmargin at screen (bottom + (rows - row) * pitch - head) / height
    if (col == 0) { set ylabel fig_ylabel offset -0.4, 0; set format y '%g' } else { unset ylabel; set format y '' }
    if (p + cols > panel_n) { set format x '%g' } else { set format x '' }
    if (p == 1) {
        set label 1 xl at screen (left + (width - left - right) / 2) / width, screen 1.05 / height center
        set key at screen 0.5, screen (height - 0.1) / height center top vertical maxrows key_rows
    } else {
        unset key
        unset label 1
    }
    if (panel_n > 1) { set title panel[p] }
    plot for [b in cells[p]] data index cell_first + b - 1 \
            using 1:2:3 with filledcurves linecolor rgb ink[style(series_of(cell_series[int(b)]))] notitle, \
        for [b in cells[p]] data index cell_first + b - 1 using 1:5 \
            with linespoints linestyle style(series_of(cell_series[int(b)])) pointsize 0.25 notitle, \
        for [s = 1:(p == 1 && series[1] ne '' ? series_n : 0)] NaN with linespoints linestyle style(s) title series[s]
}
unset multiplot
