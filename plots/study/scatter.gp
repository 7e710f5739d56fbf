# one point a cell, mean and 95 % interval; no cell is better in both than those on the line
# size: 8.4 x 6.4 + 0.36 * cell_blocks
# make: lowrank sweep STUDY
# runs: fig_runs
# data: cell pivot_cells by series: x, lo, hi, n, mean
# data: front pivot_cells: x, mean

if (fig_logx ne '') {
    set logscale x 10
    set xrange [cell_x_min / 1.5 : cell_x_max * 1.5]
    set format x '10^{%T}'
    if (cell_x_max / cell_x_min < 100) { set format x '%g' }
} else {
    set offsets graph 0.05, graph 0.05, 0, 0
}
ymin = least(cell_lo_min, cell_mean_min)
ymax = most(cell_hi_max, cell_mean_max)
if (ymax == ymin) { ymax = ymin + 1 }
set yrange [ymin - 0.05 * (ymax - ymin) : ymax + 0.05 * (ymax - ymin)]
set ytics step(ymax - ymin)
set xlabel fig_xlabel."\n".'{/*0.86 '.fig_note."}\n".'{/*0.86 '.fig_common.'}'
set ylabel fig_ylabel
plot data index front_first using 1:2 with lines linecolor '#888888' linewidth 0.8 title 'best for its size (Pareto front)', \
    for [b = 1:cell_blocks] data index cell_first + b - 1 using 1:2:(0):($3 - $2) with vectors arrowstyle style(b) notitle, \
    for [b = 1:cell_blocks] data index cell_first + b - 1 using 1:5 with points linestyle style(b) title cell_series[b]
