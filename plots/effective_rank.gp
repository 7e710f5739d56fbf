# How many directions do the updates of LoRA and of full fine-tuning need? By layer and matrix: mean and range over seeds.
# size: 17.5 x (mean_panel_n > 3 ? 9.4 : 5.6)
# make: lowrank ablate effective_rank
# shows: all
# runs: fig_analysis_runs(study=methods, kind=effective_rank)
# text: axis fig_effective_label(name=rank90)
# data: line fig_effective(study=methods, kind=effective_rank, name=rank90) by series: x, lo, hi, n, mean
# data: mean fig_effective(study=methods, kind=effective_rank, name=rank90) by panel, series: x, lo, hi, n, mean

cols = mean_panel_n > 3 ? 3 : mean_panel_n
rows = (mean_panel_n + cols - 1) / cols
left = 1.5; right = 0.2; top = 1.35; bottom = 1.25; gap = 0.35; head = 0.55
wide = (width - left - right - (cols - 1) * gap) / cols
pitch = (height - bottom - top + head) / rows
# The series of each block of "mean", and its panel.
block(s) = sum [k = 1:line_blocks] (line_series[k] eq s ? k : 0)
array panel[mean_blocks]
n = 0
do for [b = 1:mean_blocks] {
    if (b == 1) { n = 1 } else { if (mean_panel[b] ne mean_panel[b - 1]) { n = n + 1 } }
    panel[b] = n
}
beside(k) = 0.4 * (k - (line_blocks + 1) / 2.0) / line_blocks

if (axis_powers == 1) {
    set logscale y 10
    set yrange [mean_lo_min / 1.3 : mean_hi_max * 1.3]
} else {
    set yrange [0 : most(1.05 * mean_hi_max, 1)]
}
set xrange [mean_x_min - 0.5 : mean_x_max + 0.5]
set xtics mean_x_max > 12 ? 4 : 1
set title offset 0, -0.7
set label 1 axis_label rotate by 90 center at screen 0.3 / width, screen (bottom + rows * pitch / 2) / height
set multiplot
do for [p = 1:mean_panel_n] {
    row = (p - 1) / cols
    col = (p - 1) % cols
    set lmargin at screen (left + col * (wide + gap)) / width
    set rmargin at screen (left + col * (wide + gap) + wide) / width
    set bmargin at screen (bottom + (rows - 1 - row) * pitch) / height
    set tmargin at screen (bottom + (rows - row) * pitch - head) / height
    if (col == 0) { set format y '%g' } else { set format y '' }
    if (p + cols > mean_panel_n) { set xlabel 'layer ('.counted(mean_n_min, mean_n_max).')' offset 0, 0.4; set format x '%g' } else { unset xlabel; set format x '' }
    do for [b = 1:mean_blocks] { if (panel[b] == p) { set title '{/:Italic W}_{'.mean_panel[b].'}' } }
    if (p == 1) { set key at screen 0.5, screen (height - 0.1) / height center top maxrows 3 } else { unset key; unset label 1 }
    plot for [k = 1:(p == 1 ? line_blocks : 0)] NaN with linespoints linestyle style(k) title line_series[k], \
        for [b = 1:mean_blocks] data index mean_first + b - 1 \
            using (panel[b] == p ? $1 + beside(block(mean_series[b])) : NaN):2:(0):($3 - $2) \
            with vectors arrowstyle style(block(mean_series[b])) notitle, \
        for [b = 1:mean_blocks] data index mean_first + b - 1 \
            using (panel[b] == p ? $1 + beside(block(mean_series[b])) : NaN):5 \
            with linespoints linestyle style(block(mean_series[b])) notitle
}
unset multiplot
