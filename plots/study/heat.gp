# mean over seeds; a ring marks the best value of y for each x
# size: 9.5 x 0.3 + 6.4 * cell_blocks
# make: lowrank sweep STUDY
# runs: fig_runs
# data: cell pivot_cells by panel: x, y, best, n, mean
# data: tick pivot_cells by label: x
# data: tock pivot_cells by label: y

# Positions are in cm. One panel for each value of the panel's keys, one below the other.
left = 2.6; right = 2.4; bottom = 1.9; top = 0.6
pitch = (height - 0.3) / cell_blocks
set border 15
unset key
unset grid
set style fill solid 1 noborder
set cbrange [cell_mean_min : (cell_mean_max > cell_mean_min ? cell_mean_max : cell_mean_min + 1)]
set cblabel fig_ylabel
set cbtics scale 0.4 offset -0.6, 0
set xrange [0.5 : cell_x_max + 0.5]
set yrange [0.5 : cell_y_max + 0.5]
set xtics () scale 0.3
set for [k = 1:tick_blocks] xtics add (tick_label[k] k)
set ytics () scale 0.3
set for [k = 1:tock_blocks] ytics add (tock_label[k] k)
set xlabel fig_xlabel."\n".'{/*0.86 '.fig_note."}\n".'{/*0.86 '.fig_common.'}'
long = 0
do for [k = 1:tock_blocks] { if (strlen(tock_label[k]) > long) { long = strlen(tock_label[k]) } }
set ylabel fig_series offset 1.2 - 0.6 * most(long - 3, 0), 0
set multiplot
do for [b = 0:cell_blocks - 1] {
    under = 0.1 + (cell_blocks - 1 - b) * pitch
    set lmargin at screen left / width
    set rmargin at screen (width - right) / width
    set bmargin at screen (under + bottom) / height
    set tmargin at screen (under + pitch - top) / height
    set colorbox user origin screen (width - right + 0.2) / width, screen (under + bottom) / height \
        size screen 0.22 / width, screen (pitch - top - bottom) / height
    set title cell_panel[b + 1] offset 0, -0.6
    # Each cell extends below the next one, so that there are no seams between them.
    plot data index cell_first + b using 1:2:($1 - 0.5):($1 + 0.52):($2 - 0.5):($2 + 0.52):5 \
            with boxxyerror fillcolor palette, \
        data index cell_first + b using ($3 > 0 ? $1 : NaN):2 with points pointtype 6 pointsize 0.9 linewidth 1.6 linecolor '#ffffff', \
        data index cell_first + b using ($3 > 0 ? $1 : NaN):2 with points pointtype 6 pointsize 0.9 linewidth 0.7 linecolor '#000000'
}
unset multiplot
