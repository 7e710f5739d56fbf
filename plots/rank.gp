# Quality against rank r for each set of adapted matrices: mean, 95 % interval, every seed (Table 6).
# size: 8.4 x 5.2 + 0.36 * cell_blocks
# make: lowrank sweep rank
# runs: fig_runs(study=rank)
# text: study fig_study(study=rank)
# data: cell fig_rank(study=rank) by series: x, lo, hi, n, mean
# data: seed fig_rank_seeds(study=rank) by series: x, seed, value

# Series are drawn apart by the factor "spread" on x, seeds beside their mean by the factor "aside". Figures that are
# like this one set these variables first.
if (!exists('x_title')) { x_title = 'rank {/:Italic r}' }
if (!exists('x_base')) { x_base = 2 }
if (!exists('spread')) { spread = 1.10 }
if (!exists('aside')) { aside = 1.04 }
array label[cell_blocks]
do for [k = 1:cell_blocks] {
    stats data index cell_first + k - 1 using 4 name 'N' nooutput
    label[k] = cell_series[k].' ('.counted(N_min, N_max).')'
}
note = '{/*0.86 '.(cell_lo_min == cell_lo_min ? 'mean, 95 % interval, every seed' : 'mean, every seed').'}'
block(s) = sum [k = 1:cell_blocks] (cell_series[k] eq s ? k : 0)
beside(k) = spread ** (k - (cell_blocks + 1) / 2.0)
set logscale x x_base
set xrange [0.75 * cell_x_min : 1.33 * cell_x_max]
set xtics ()
set for [k = 1:|cell_x|] xtics add (cell_x[k] cell_x[k] + 0)
set xlabel x_title."\n".note
ymin = study_scale * least(cell_lo_min, seed_value_min)
ymax = study_scale * most(cell_hi_max, seed_value_max)
set ytics step(ymax - ymin)
set offsets 0, 0, graph 0.04, graph 0.04
set ylabel study_label
plot for [k = 1:seed_blocks] data index seed_first + k - 1 \
        using (aside * $1 * beside(block(seed_series[k]))):($3 * study_scale) with points \
        pointtype 7 pointsize 0.3 linecolor rgb dot[style(block(seed_series[k]))] notitle, \
    for [k = 1:cell_blocks] data index cell_first + k - 1 \
        using ($1 * beside(k)):($2 * study_scale):(0):(($3 - $2) * study_scale) \
        with vectors arrowstyle style(k) notitle, \
    for [k = 1:cell_blocks] data index cell_first + k - 1 using ($1 * beside(k)):($5 * study_scale) \
        with linespoints linestyle style(k) title label[k]
