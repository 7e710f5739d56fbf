# Quality of each set of adapted matrices: mean, 95 % interval, every seed (Table 5).
# size: 8.4 x 5.2 + 0.36 * cell_blocks
# make: lowrank sweep targets
# runs: fig_runs(study=targets)
# text: study fig_study(study=targets)
# data: cell fig_targets(study=targets) by series: x, lo, hi, n, mean
# data: seed fig_targets_seeds(study=targets) by series: x, seed, value

# Figures that are like this one set these variables first.
if (!exists('x_title')) { x_title = 'adapted matrices' }
array label[cell_blocks]
do for [k = 1:cell_blocks] {
    stats data index cell_first + k - 1 using 4 name 'N' nooutput
    label[k] = cell_series[k].' ('.counted(N_min, N_max).')'
}
note = '{/*0.86 '.(cell_lo_min == cell_lo_min ? 'mean, 95 % interval, every seed' : 'mean, every seed').'}'
block(s) = sum [k = 1:cell_blocks] (cell_series[k] eq s ? k : 0)
place(s) = sum [k = 1:|cell_x|] (cell_x[k] eq s ? k : 0)
all_x = ''
do for [k = 1:|cell_x|] { all_x = all_x.cell_x[k] }
beside(k) = 0.22 * (k - (cell_blocks + 1) / 2.0)
set xrange [0.5 : |cell_x| + 0.5]
set xtics ()
if (strlen(all_x) > 16) {
    set xtics rotate by 30 right offset 0.6, 0
    if (exists('x_margin')) { set rmargin x_margin } # otherwise gnuplot reserves the width of the last name
}
set for [k = 1:|cell_x|] xtics add (cell_x[k] k)
set xlabel x_title."\n".note
ymin = study_scale * least(cell_lo_min, seed_value_min)
ymax = study_scale * most(cell_hi_max, seed_value_max)
set ytics step(ymax - ymin)
set offsets 0, 0, graph 0.04, graph 0.04
set ylabel study_label
plot for [k = 1:seed_blocks] data index seed_first + k - 1 \
        using (place(seed_x[int($1)]) + beside(block(seed_series[k])) + 0.08):($3 * study_scale) \
        with points pointtype 7 pointsize 0.3 linecolor rgb dot[style(block(seed_series[k]))] notitle, \
    for [k = 1:cell_blocks] data index cell_first + k - 1 \
        using ($1 + beside(k)):($2 * study_scale):(0):(($3 - $2) * study_scale) \
        with vectors arrowstyle style(k) notitle, \
    for [k = 1:cell_blocks] data index cell_first + k - 1 using ($1 + beside(k)):($5 * study_scale) \
        with points linestyle style(k) title label[k]
