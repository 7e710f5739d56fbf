# One point per run: data order on x, initial values as color, dropout as points of one color; the line is their mean.
# size: 8.4 x 0.9 + 4.7 * cell_method_n
# make: lowrank sweep seeds
# shows: model task method order_seed init_seed
# runs: fig_runs(study=seeds)
# text: study fig_study(study=seeds)
# data: cell fig_seeds(study=seeds) by method, series: x, seed, value

# Positions are in cm. One panel for each method, one below the other, and the key above them.
left = 1.7; right = 0.2; bottom = 1.1; top = 0.45
pitch = (height - 0.9) / cell_method_n
series = cell_series_n
beside(k) = 0.14 * (k - (series + 1) / 2.0)
set xrange [cell_x_min - 0.5 : cell_x_max + 0.5]
set xtics 1
set xlabel 'order\_seed'
set ylabel study_label
set ytics step(1.6 * study_scale * (cell_value_max - cell_value_min))
set title offset 0, -0.7
set multiplot
panel = 0
do for [b = 1:cell_blocks] {
    if (b == 1 || cell_method[b] ne cell_method[b - 1]) {
        last = b
        do for [k = b:cell_blocks] { if (cell_method[k] eq cell_method[b]) { last = k } }
        under = (cell_method_n - 1 - panel) * pitch
        set lmargin at screen left / width
        set rmargin at screen (width - right) / width
        set bmargin at screen (under + bottom) / height
        set tmargin at screen (under + pitch - top) / height
        if (panel == 0) {
            set key at screen 0.5, screen (height - 0.1) / height top center horizontal maxrows 1 samplen 0.4 width -2
        } else {
            unset key
        }
        set title cell_method[b]
        set offsets 0, 0, graph 0.08, graph 0.08
        plot for [k = b:last] data index cell_first + k - 1 using ($1 + beside(k - b + 1)):($3 * study_scale) \
                smooth unique with lines linestyle style(k - b + 1) linewidth 0.6 notitle, \
            for [k = b:last] data index cell_first + k - 1 using ($1 + beside(k - b + 1)):($3 * study_scale) \
                with points linestyle style(k - b + 1) title cell_series[k]
        panel = panel + 1
    }
}
unset multiplot
