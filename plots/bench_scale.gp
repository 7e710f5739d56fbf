# How the time and the memory of a training step grow with model, length, batch, rank and concurrent runs.
# size: (p_blocks < 3 ? 8.4 : 1.1 + 3.3 * p_blocks) x 6.8
# make: lowrank bench scale
# data: p fig_bench_scale by axis: x, ms, tokens_per_s, mb

label(a) = a eq 'model' ? 'model (millions)' : a eq 'length' ? 'length (tokens)' : \
    a eq 'batch' ? 'batch (sequences)' : a eq 'rank' ? 'rank {/:Italic r}' : 'concurrent runs'
# Positions are in cm. Time above, memory below, one column for each axis.
left = 1.9; right = 0.2; gap = 0.45; bottom = 1.25; top = 0.15; between = 0.35
pane = (width - left - right - (p_blocks - 1) * gap) / p_blocks
high = (height - bottom - top - between) / 2
array x_lo[p_blocks]
array x_hi[p_blocks]
do for [b = 1:p_blocks] {
    stats data index p_first + b - 1 using 1 name 'X' nooutput
    x_lo[b] = X_min
    x_hi[b] = X_max
}
unset key
set grid xtics ytics linetype 1 linecolor '#e6e6e6' linewidth 0.5
set logscale x 2
unset mytics
set multiplot
do for [row = 0:1] {
    set logscale y 10
    lo = row ? p_mb_min : p_ms_min
    hi = row ? p_mb_max : p_ms_max
    set yrange [0.7 * lo : 1.5 * hi]
    set ytics () # 1, 2 and 5 of each decade; only 1 if there are many decades
    do for [k = 0:6] {
        do for [m in '1 2 5'] {
            if (m eq '1' || hi / lo < 100) { set ytics add (10.0 ** k * real(m)) }
        }
    }
    do for [b = 0:p_blocks - 1] {
        set lmargin at screen (left + b * (pane + gap)) / width
        set rmargin at screen (left + b * (pane + gap) + pane) / width
        set bmargin at screen (bottom + (1 - row) * (high + between)) / height
        set tmargin at screen (bottom + (1 - row) * (high + between) + high) / height
        least_x = x_lo[b + 1] / 1.4
        most_x = x_hi[b + 1] * 1.4
        set xrange [least_x : most_x]
        every = log(most_x / least_x) / log(2) > 5 ? 2 : 1
        set xtics ()
        do for [k = 0:20] {
            v = p_axis[b + 1] eq 'model' ? 10.0 ** (k - 2) : 2.0 ** (k * every)
            if (v >= least_x && v <= most_x) { set xtics add (row ? sprintf('%g', v) : '' v) }
        }
        if (row) { set xlabel label(p_axis[b + 1]) offset 0, 0.4 } else { unset xlabel }
        if (b == 0) {
            set ylabel (row ? 'peak memory (MB)' : 'step (ms)') offset 0.2, 0
            set format y '%g'
        } else {
            unset ylabel
            set format y ''
        }
        plot data index p_first + b using 1:(row ? $4 : $2) with linespoints linestyle row + 1
    }
}
unset multiplot
