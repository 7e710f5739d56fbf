# The rank needed to store an update against the rank needed to train it: score of updates cut to rank k, and of runs trained with rank k.
# size: 8.4 x 5.4 + 0.36 * k_blocks
# make: lowrank ablate intervene
# shows: method targets rank
# kind: intervene
# runs: fig_analysis_runs(study=rank, kind=intervene)
# text: study fig_study(study=rank)
# data: k fig_intervene(study=rank) by series: x, lo, hi, n, mean

set logscale x 2
set xrange [0.75 * k_x_min : 1.33 * k_x_max]
set xtics ()
set for [i = 1:|k_x|] xtics add (k_x[i] k_x[i] + 0)
set xlabel 'rank {/:Italic k}'."\n".'{/*0.86 mean and range over seeds, '.counted(k_n_min, k_n_max).'}'
set ylabel study_label
set ytics step(study_scale * (k_hi_max - k_lo_min))
set offsets 0, 0, graph 0.04, graph 0.04
beside(b) = 1.06 ** (b - (k_blocks + 1) / 2.0)
plot for [b = 1:k_blocks] data index k_first + b - 1 \
        using ($1 * beside(b)):($2 * study_scale):(0):(($3 - $2) * study_scale) \
        with vectors arrowstyle style(b) notitle, \
    for [b = 1:k_blocks] data index k_first + b - 1 using ($1 * beside(b)):($5 * study_scale) \
        with linespoints linestyle style(b) title k_series[b]
