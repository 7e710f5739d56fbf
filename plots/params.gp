# Quality against the number of trainable parameters: mean and 95 % interval; below, Table 15 as printed in the paper.
# size: 12 x 12.6
# make: lowrank sweep params
# shows: model task method targets rank prefix
# runs: fig_runs(study=params)
# text: study fig_study(study=params)
# data: cell fig_params(study=params) by series: x, lo, hi, n, mean
# data: wikisql fig_params_paper(of=WikiSQL) by series: x, value
# data: mnli fig_params_paper(of=MNLI-m) by series: x, value

# Positions are in cm. Our results and the key above, the two tasks of the paper side by side below. A method has the
# same style in all three panels.
left = 1.4; right = 0.2; gap = 1.2; bottom = 1.05; top = 0.6; between = 1.75; low = 4.0
half = (width - left - right - gap) / 2
known = '|lora q,v|lora q,k,v,o|adapter-h|adapter-l|prefix-embed|prefix-layer|ft|bitfit|adapter-p|prefix-kv|'
at(s) = strstrt(known, '|'.s.'|')
of(s, k) = at(s) == 0 ? style(k) : sum [i = 1:at(s)] (known[i:i] eq '|' ? 1 : 0)
set style line 8 linecolor '#777777' pointtype 12 pointsize 0.50 linewidth 1.2 dashtype 4
set style line 9 linecolor '#8c510a' pointtype 10 pointsize 0.50 linewidth 1.2 dashtype 1
set style line 10 linecolor '#5ab4ac' pointtype 2 pointsize 0.45 linewidth 1.2 dashtype 3
array more[3] = ['#777777', '#8c510a', '#5ab4ac']
do for [k = 8:10] { set style arrow k heads fixed size screen 0.008, 90 linecolor rgb more[k - 7] linewidth 0.9 + 0.02 * (k % 2) }
array label[cell_blocks]
do for [k = 1:cell_blocks] {
    stats data index cell_first + k - 1 using 4 name 'N' nooutput
    label[k] = cell_series[k].' ('.counted(N_min, N_max).')'
}
set logscale x 10
set format x '10^{%T}'
unset mxtics
set title offset 0, -0.7
set multiplot
set lmargin at screen left / width
set rmargin at screen (width - right) / width
set bmargin at screen (bottom + low + between) / height
set tmargin at screen (height - 2.1) / height
set key at screen 0.54, screen (height - 0.1) / height top center vertical Left reverse maxrows 4 width -3
set ytics step(study_scale * (most(cell_hi_max, cell_mean_max) - least(cell_lo_min, cell_mean_min)))
set offsets 0, 0, graph 0.04, graph 0.04
set xrange [0.6 * cell_x_min : 1.7 * cell_x_max]
set ylabel study_label
set xlabel 'trainable parameters without the head; mean, 95 % interval'
plot for [k = 1:cell_blocks] data index cell_first + k - 1 \
        using 1:($2 * study_scale):(0):(($3 - $2) * study_scale) with vectors arrowstyle of(cell_series[k], k) notitle, \
    for [k = 1:cell_blocks] data index cell_first + k - 1 using 1:($5 * study_scale) \
        with linespoints linestyle of(cell_series[k], k) title label[k]
unset key
unset ylabel
set bmargin at screen bottom / height
set tmargin at screen (bottom + low) / height
set ytics autofreq
do for [t = 0:1] {
    set lmargin at screen (left + t * (half + gap)) / width
    set rmargin at screen (left + t * (half + gap) + half) / width
    set xrange [2e5 : 4e11]
    set xtics 1e6, 100
    every = t ? 2 : 5
    set ytics every
    set xlabel 'trainable parameters'
    set title (t ? 'the paper: MNLI-m (GPT-3)' : 'the paper: WikiSQL (GPT-3)')
    plot for [k = 1:(t ? mnli_blocks : wikisql_blocks)] data index (t ? mnli_first : wikisql_first) + k - 1 using 1:2 \
        with linespoints linestyle of(t ? mnli_series[k] : wikisql_series[k], k) notitle
}
unset multiplot
