# mean, 95 % interval, every seed
# size: (cols > 1 ? 17.5 : 8.4) x 0.35 + key_rows * 0.36 + rows * (cols > 1 ? 5.0 : 4.6) + 1.7
# make: lowrank sweep STUDY
# runs: fig_runs
# data: cell pivot_cells by panel, series: x, lo, hi, n, mean
# data: seed pivot_values by panel, series: x, seed, value
# data: tick pivot_cells by label: x

# Positions are in cm. A panel for each value of the panel's keys; they share axes and the key above them.
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
array seeds[panel_n]
do for [p = 1:panel_n] { cells[p] = ''; seeds[p] = '' }
do for [b = 1:seed_blocks] { seeds[panel_of(seed_panel[b])] = seeds[panel_of(seed_panel[b])].sprintf('%d ', b) }
do for [b = 1:cell_blocks] { cells[panel_of(cell_panel[b])] = cells[panel_of(cell_panel[b])].sprintf('%d ', b) }
# Series are drawn apart, and seeds beside their mean.
apart(s) = (s - (series_n + 1) / 2.0) / series_n
logx = fig_logx ne ''
if (logx) {
    set logscale x real(fig_logx)
    few = (cell_x_max / cell_x_min) ** (0.06)
    place(x, s, aside) = x * few ** (apart(s) + 0.25 * aside)
    set xrange [cell_x_min / few ** 1.2 : cell_x_max * few ** 1.2]
} else {
    few = fig_names eq '1' ? 0.6 : 0.05 * (cell_x_max - cell_x_min)
    if (few == 0) { few = 1 }
    place(x, s, aside) = x + few * apart(s) + 0.12 * few * aside
    set xrange [cell_x_min - 0.8 * few : cell_x_max + 0.8 * few]
}
set xtics ()
long = 0
do for [k = 1:tick_blocks] { if (strlen(tick_label[k]) > long) { long = strlen(tick_label[k]) } }
crowded = long * 0.13 * tick_blocks > wide
if (crowded) { set xtics rotate by 30 right offset 0.4, 0 }
xl = fig_xlabel."\n".'{/*0.86 '.fig_note."}\n".'{/*0.86 '.fig_common.'}'
ymin = least(cell_lo_min, least(seed_value_min, cell_mean_min))
ymax = most(cell_hi_max, most(seed_value_max, cell_mean_max))
if (ymax == ymin) { ymax = ymin + 1 }
set ytics step(1.2 * (ymax - ymin))
set yrange [ymin - 0.05 * (ymax - ymin) : ymax + 0.05 * (ymax - ymin)]
set title offset 0, -0.7
set multiplot
do for [p = 1:panel_n] {
    row = (p - 1) / cols
    col = (p - 1) % cols
    set lmargin at screen (left + col * (wide + gap)) / width
    set rmargin at screen (left + col * (wide + gap) + wide) / width
    set bmargin at screen (bottom + (crowded ? 0.5 : 0) + (rows - 1 - row) * (pitch - (crowded ? 0.5 / rows : 0))) / height
    set tmargin at screen (bottom + (crowded ? 0.5 : 0) + (rows - row) * (pitch - (crowded ? 0.5 / rows : 0)) - head) / height
    if (col == 0) { set ylabel fig_ylabel offset -0.4, 0; set format y '%g' } else { unset ylabel; set format y '' }
    under = p + cols > panel_n
    set xtics ()
    do for [k = 1:tick_blocks] { set xtics add (under ? tick_label[k] : '' tick_x[k] + 0) }
    unset xlabel
    if (p == 1) {
        set label 1 xl at screen (left + (width - left - right) / 2) / width, screen 1.05 / height center
        set key at screen 0.5, screen (height - 0.1) / height center top vertical maxrows key_rows
    } else {
        unset key
        unset label 1
    }
    if (panel_n > 1) { set title panel[p] }
    plot for [b in seeds[p]] data index seed_first + b - 1 \
            using (place($1, series_of(seed_series[int(b)]), 1)):3 with points \
            pointtype 7 pointsize 0.3 linecolor rgb dot[style(series_of(seed_series[int(b)]))] notitle, \
        for [b in cells[p]] data index cell_first + b - 1 \
            using (place($1, series_of(cell_series[int(b)]), 0)):2:(0):($3 - $2) \
            with vectors arrowstyle style(series_of(cell_series[int(b)])) notitle, \
        for [b in cells[p]] data index cell_first + b - 1 \
            using (fig_names ne '1' ? place($1, series_of(cell_series[int(b)]), 0) : NaN):5 \
            with lines linestyle style(series_of(cell_series[int(b)])) notitle, \
        for [b in cells[p]] data index cell_first + b - 1 \
            using (place($1, series_of(cell_series[int(b)]), 0)):5 \
            with points linestyle style(series_of(cell_series[int(b)])) notitle, \
        for [s = 1:(p == 1 && series_n > 1 ? series_n : 0)] NaN with linespoints linestyle style(s) title series[s]
}
unset multiplot
